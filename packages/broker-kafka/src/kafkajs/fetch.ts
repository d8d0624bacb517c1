import type { Fetched, FetchedRecord, FetchRequest } from '../client.ts';
import type { LibraryBroker, LibraryRecord } from './cluster.ts';
import { translate } from './library.ts';

interface OutOfRange extends Error {
  topic?: string;
  partition?: number;
}

/** One partition's error is an error of the whole answer to KafkaJS. */
export async function fetchRecords(
  broker: LibraryBroker,
  { waitMs, bytesMax, partitions }: FetchRequest,
): Promise<Fetched[]> {
  const topics = partitions.map(({ topic, partition, position, bytesMax: maxBytes }) => ({
    topic,
    partitions: [{ partition, fetchOffset: String(position), maxBytes }],
  }));
  const limits = { maxWaitTime: waitMs, minBytes: 1, maxBytes: bytesMax, isolationLevel: 0 };
  try {
    const { responses } = await broker.fetch({ ...limits, topics });
    return responses.flatMap(({ topicName: topic, partitions: own }) =>
      own.map(({ partition, messages }) => {
        const from = partitions.find((one) => one.topic === topic && one.partition === partition);
        return { topic, partition, error: '', ...read(messages, from?.position ?? 0) };
      }),
    );
  } catch (error) {
    const { topic, partition } = error as OutOfRange;
    const reason = translate(error, 'fetch').reason;
    if (reason === '') throw error;
    return partitions
      .filter((one) => topic === undefined || (one.topic === topic && one.partition === partition))
      .map((one) => ({ ...placeOf(one), error: reason, records: [], next: one.position }));
  }
}

function read(messages: readonly LibraryRecord[], from: number) {
  const records: FetchedRecord[] = [];
  let next = from;
  for (const message of messages) {
    const position = Number(message.offset);
    const { firstOffset, lastOffsetDelta } = message.batchContext;
    const last =
      firstOffset === undefined ? position : Number(firstOffset) + (lastOffsetDelta ?? 0);
    next = Math.max(next, last + 1);
    if (position >= from && !message.isControlRecord) records.push(recordOf(message, position));
  }
  return { records, next };
}

function recordOf({ timestamp, key, value, headers }: LibraryRecord, position: number) {
  return {
    position,
    timestampMs: Number(timestamp),
    key: key?.toString() ?? '',
    value: value ?? empty,
    headers: Object.fromEntries(
      // A header that was sent more than once: the last one, as over @platformatic/kafka.
      Object.entries(headers).map(([name, text]) => [name, String([text].flat().at(-1) ?? '')]),
    ),
  };
}

const empty = Buffer.alloc(0);

function placeOf({ topic, partition }: { topic: string; partition: number }) {
  return { topic, partition };
}
