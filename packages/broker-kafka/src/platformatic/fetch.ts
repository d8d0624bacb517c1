import { type API, createAPI, fetchV12, type Reader } from '@platformatic/kafka';
import { partitionName } from '@spillway/broker';
import type { Fetched, FetchRequest } from '../client.ts';
import { messageOf } from '../errors.ts';
import { type Connections, errorName } from './connections.ts';
import { Cursor } from './cursor.ts';
import { readRecords } from './records.ts';

type Answer = { error: number; partitions: RawPartition[] };

interface RawPartition {
  topic: string;
  partition: number;
  error: number;
  records: Buffer | undefined;
}

/** The library's own decoder makes big integers and copies of every record. */
const fetchRaw: API<Parameters<typeof fetchV12.createRequest>, Answer> = createAPI(
  1,
  12,
  fetchV12.createRequest,
  readAnswer,
);

/** Reads what was not committed by a transaction too: nobody writes telemetry in transactions. */
export async function fetchRecords(
  connections: Connections,
  node: number,
  { waitMs, bytesMax, partitions }: FetchRequest,
): Promise<Fetched[]> {
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topicId, own]) => ({
    topicId,
    partitions: own.map(({ partition, position, bytesMax: partitionMaxBytes }) => ({
      partition,
      currentLeaderEpoch: -1,
      fetchOffset: BigInt(position),
      lastFetchedEpoch: -1,
      partitionMaxBytes,
    })),
  }));
  const limits = [waitMs, 1, bytesMax, 0, 0, -1] as const;
  const answer = await connections.ask(node, fetchRaw, ...limits, topics, [], '');
  const asked = new Map(partitions.map((one) => [partitionName(one), one.position]));
  return answer.partitions.map(({ topic, partition, error, records }) => {
    const from = asked.get(partitionName({ topic, partition })) ?? 0;
    const place = { topic, partition, error: errorName(error || answer.error) };
    if (records === undefined) return { ...place, records: [], next: from };
    try {
      return { ...place, ...readRecords(records, from) };
    } catch (cause) {
      // Of this partition alone.
      return { ...place, error: `CORRUPT_MESSAGE: ${messageOf(cause)}`, records: [], next: from };
    }
  });
}

/** Fetch Response (Version: 12); the library has put the bytes behind its header in `reader`. */
function readAnswer(_correlation: number, _key: number, _version: number, reader: Reader): Answer {
  const cursor = new Cursor(reader.buffer.buffer);
  cursor.skip(4); // throttle time
  const error = cursor.int16();
  cursor.skip(4); // session
  const partitions: RawPartition[] = [];
  cursor.array(() => {
    const topic = cursor.text(cursor.unsignedVarint() - 1);
    cursor.array(() => partitions.push(readPartition(cursor, topic)));
    cursor.skipTags();
  });
  return { error, partitions };
}

function readPartition(cursor: Cursor, topic: string): RawPartition {
  const partition = cursor.int32();
  const error = cursor.int16();
  cursor.skip(24); // high watermark, last stable offset, start
  cursor.array(() => {
    cursor.skip(16); // aborted transaction: producer, position
    cursor.skipTags();
  });
  cursor.skip(4); // preferred replica
  const length = cursor.unsignedVarint() - 1;
  const records = length > 0 ? cursor.take(length) : undefined;
  cursor.skipTags();
  return { topic, partition, error, records };
}
