import type { RedisServer } from '@spillway/native';
import type { SpanRecord } from '@spillway/otlp';
import { redisSection } from '@spillway/redis';
import type { DecodedMessage, LiveStore } from '@spillway/store';
import { type TestRecords, testNowMs } from '@spillway/store/contract';
import { Redis } from 'ioredis';
import {
  createRedisLiveStore,
  type RedisLiveStoreEvent,
  type RedisLiveStoreOptions,
} from '../src/index.ts';

export const range = { tenant: 'acme', fromMs: testNowMs, toMs: testNowMs + 60_000 };
export const clock = () => testNowMs + 30_000;

export interface Opened {
  store: LiveStore;
  events: RedisLiveStoreEvent[];
}

/** Several stores with one prefix share their keys, as several processes do. */
export async function openStore(
  redis: RedisServer,
  keyPrefix: string,
  over: Partial<RedisLiveStoreOptions> = {},
): Promise<Opened> {
  const events: RedisLiveStoreEvent[] = [];
  const store = createRedisLiveStore({
    ...redisSection.parse({ url: redis.url, keyPrefix }),
    positions: 'log',
    clock,
    report: (event) => events.push(event),
    ...over,
  });
  await store.start();
  return { store, events };
}

/** Requests counted over the minute of the tests, over all services. */
export async function requests(store: LiveStore): Promise<number> {
  const services = await store.services(range);
  return services.reduce((sum, { sparkline }) => sum + sparkline.reduce((a, b) => a + b), 0);
}

/** Each with so many server spans. */
export function spanMessages(records: TestRecords, count: number, spans = 10): DecodedMessage[] {
  return Array.from({ length: count }, () =>
    records.message(Array.from({ length: spans }, () => span(records))),
  );
}

function span(records: TestRecords): SpanRecord {
  return records.span({ startTimeUnixNano: BigInt(testNowMs + 1_000) * 1_000_000n });
}

export function connect(redis: RedisServer): Redis {
  return new Redis(redis.url);
}

/** Names of all keys with the prefix. */
export async function keysOf(redis: RedisServer, prefix: string): Promise<string[]> {
  const client = connect(redis);
  const keys = new Set<string>();
  for await (const page of client.scanStream({ match: `${prefix}*`, count: 1_000 })) {
    for (const key of page as string[]) keys.add(key);
  }
  client.disconnect();
  return [...keys];
}
