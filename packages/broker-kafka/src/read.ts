import type { DeliveredMessage, Position } from '@spillway/broker';
import type { KafkaClient } from './client.ts';
import { delivered } from './delivered.ts';
import { answered } from './errors.ts';
import type { Logs } from './logs.ts';

/** A batch that is larger comes again for the rest of its records. */
const ownBytesMax = 4 * 1024 * 1024;

export interface ReadOptions {
  client: KafkaClient;
  logs: Logs;
  /** Behind the last message to read. */
  end: Promise<number>;
  bytesMax: number;
  abort: AbortSignal | undefined;
}

/**
 * Reads from a position to the end, without a group. Below what is kept it begins at the first
 * kept.
 */
export async function* readLog(
  from: Position,
  { client, logs, end, bytesMax, abort }: ReadOptions,
): AsyncGenerator<DeliveredMessage> {
  const { topic, partition } = from;
  abort?.throwIfAborted();
  const last = await end;
  for (let position = from.position; position < last; ) {
    const at = position;
    const found = await logs.retryUntilDone(async () => {
      abort?.throwIfAborted();
      return await fetchOne(client, logs, { topic, partition, position: at, bytesMax });
    });
    for (const record of found.records) {
      abort?.throwIfAborted();
      if (record.position >= last) return;
      yield delivered(from, record);
    }
    position = Math.max(found.next, position);
  }
}

async function fetchOne(
  client: KafkaClient,
  logs: Logs,
  { bytesMax, ...place }: Position & { bytesMax: number },
) {
  const node = await logs.leaderOf(place);
  const request = { waitMs: 100, bytesMax, ownBytesMax, partitions: [{ ...place, bytesMax }] };
  const [found] = await client.fetch(node, request).catch((error) => {
    logs.forget([place]);
    throw error;
  });
  if (found?.error === 'OFFSET_OUT_OF_RANGE') {
    const start = await logs.offset({ ...place, timestampMs: -2 });
    return { records: [], next: Math.max(start, place.position) };
  }
  if (found === undefined || found.error !== '') {
    logs.forget([place]);
    throw answered(found?.error ?? 'UNKNOWN_SERVER_ERROR', `${place.topic}/${place.partition}`);
  }
  return found;
}
