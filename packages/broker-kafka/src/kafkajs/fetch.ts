import type { Fetched, FetchRequest, ReadingOptions } from '../client.ts';
import { Cursor } from '../records/cursor.ts';
import { type RawAnswer, type RawPartition, readAnswer } from '../records/read-answer.ts';
import type { LibraryBroker, LibraryQuestion } from './cluster.ts';

/**
 * KafkaJS asks, and we read: it would inflate a batch to whatever size, copy the headers of a record once
 * for each of them, and fail at an answer for what one partition holds.
 */
export async function fetchRecords(
  broker: LibraryBroker,
  request: FetchRequest & ReadingOptions,
): Promise<Fetched[]> {
  const { waitMs, bytesMax, partitions } = request;
  const topics = partitions.map(({ topic, partition, position, bytesMax: maxBytes }) => ({
    topic,
    partitions: [{ partition, fetchOffset: String(position), maxBytes }],
  }));
  const limits = { maxWaitTime: waitMs, minBytes: 1, maxBytes: bytesMax, isolationLevel: 0 };
  const answer = (await unread(broker).fetch({ ...limits, topics })) as RawAnswer;
  return await readAnswer(answer, request);
}

/** The broker, as it asks with its answers left to us. */
function unread(broker: LibraryBroker): LibraryBroker {
  const send = (question: LibraryQuestion) =>
    broker.connectionPool.send({ ...question, response: rawResponse });
  return Object.create(broker, { connectionPool: { value: { send } } }) as LibraryBroker;
}

const rawResponse: LibraryQuestion['response'] = {
  decode: async (bytes) => readRaw(new Cursor(bytes)),
  parse: async (answer) => answer,
};

/** Fetch Response (Version: 11), of Kafka 2.3 and later. */
function readRaw(cursor: Cursor): RawAnswer & { clientSideThrottleTime: number } {
  const clientSideThrottleTime = cursor.int32();
  const error = cursor.int16();
  cursor.skip(4); // session
  const partitions: RawPartition[] = [];
  for (let topics = cursor.int32(); topics > 0; topics -= 1) {
    const topic = cursor.text(cursor.int16());
    for (let left = cursor.int32(); left > 0; left -= 1) {
      partitions.push(readPartition(cursor, topic));
    }
  }
  return { clientSideThrottleTime, error, partitions };
}

function readPartition(cursor: Cursor, topic: string): RawPartition {
  const partition = cursor.int32();
  const error = cursor.int16();
  cursor.skip(24); // high watermark, last stable offset, start
  cursor.skip(16 * Math.max(0, cursor.int32())); // aborted transactions
  cursor.skip(4); // preferred replica
  const length = cursor.int32();
  return { topic, partition, error, records: length > 0 ? cursor.take(length) : undefined };
}
