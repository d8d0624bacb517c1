import { type API, createAPI, fetchV12, type Reader } from '@platformatic/kafka';
import type { Fetched, FetchRequest, ReadingOptions } from '../client.ts';
import { Cursor } from '../records/cursor.ts';
import { type RawAnswer, type RawPartition, readAnswer } from '../records/read-answer.ts';
import type { Connections } from './connections.ts';

/** The library's own decoder makes big integers and copies of every record. */
const fetchRaw: API<Parameters<typeof fetchV12.createRequest>, RawAnswer> = createAPI(
  1,
  12,
  fetchV12.createRequest,
  readRaw,
);

/** Reads what was not committed by a transaction too: telemetry is not written in transactions. */
export async function fetchRecords(
  connections: Connections,
  node: number,
  request: FetchRequest & ReadingOptions,
): Promise<Fetched[]> {
  const { waitMs, bytesMax, partitions } = request;
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
  return await readAnswer(answer, request);
}

/** Fetch Response (Version: 12); the library has put the bytes behind its header in `reader`. */
function readRaw(_correlation: number, _key: number, _version: number, reader: Reader): RawAnswer {
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
