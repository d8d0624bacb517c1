import { partitionName, type TopicPartition } from '@spillway/broker';
import { messageOf } from '@spillway/resilience';
import type { Fetched, FetchRequest, ReadingOptions } from '../client.ts';
import { errorName } from '../errors.ts';
import { readRecords } from './read-records.ts';

/** One partition in the answer to a fetch. */
export interface RawPartition extends TopicPartition {
  /** Kafka's number. */
  error: number;
  records: Buffer | undefined;
}

export interface RawAnswer {
  error: number;
  partitions: RawPartition[];
}

/** Reads the records of an answer, as far as there is room for them: the rest is fetched again. */
export async function readAnswer(
  answer: RawAnswer,
  request: FetchRequest & ReadingOptions,
): Promise<Fetched[]> {
  const asked = new Map(request.partitions.map((one) => [partitionName(one), one]));
  let left = request.ownBytesMax;
  const fetched: Fetched[] = [];
  for (const { topic, partition, error, records } of answer.partitions) {
    const of = asked.get(partitionName({ topic, partition }));
    if (!of) continue;
    const nothing = { topic, partition, records: [], next: of.position };
    const failure = errorName(error || answer.error);
    if (failure !== '' || records === undefined || left <= 0) {
      fetched.push({ ...nothing, error: failure });
      continue;
    }
    const { messageBytesMax } = request;
    try {
      const read = await readRecords(records, of.position, { ownBytesMax: left, messageBytesMax });
      left -= read.ownBytes;
      fetched.push({ topic, partition, error: '', records: read.records, next: read.next });
    } catch (cause) {
      // Of this partition alone.
      fetched.push({ ...nothing, error: `CORRUPT_MESSAGE: ${messageOf(cause)}` });
    }
  }
  return fetched;
}
