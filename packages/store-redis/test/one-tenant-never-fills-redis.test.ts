import { type RedisServer, startRedis } from '@spillway/native';
import type { SpanRecord } from '@spillway/otlp';
import type { DecodedMessage } from '@spillway/store';
import { TestRecords, testNowMs } from '@spillway/store/contract';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, openStore } from './support.ts';

const mebibyte = 1_048_576;
/** Tables of all keys grow in powers of two, amid a step before it has made room, and shrink later. */
const tablesBytes = mebibyte / 4;
let redis: RedisServer;
let operator: Redis;
let made = 0;
beforeAll(async () => {
  redis = await startRedis({ config: ['--appendonly', 'no'] });
  operator = connect(redis);
});
afterAll(async () => {
  operator.disconnect();
  await redis.remove();
});

type Flood = (records: TestRecords, round: number) => DecodedMessage;
const spans = (records: TestRecords, count: number, over: (i: number) => Partial<SpanRecord>) =>
  records.message(Array.from({ length: count }, (_, i) => records.span(over(i))));
const minutesAgo = (minutes: number) => BigInt(testNowMs - minutes * 60_000) * 1_000_000n;
const orphan = { kind: 1, parentSpanId: 'c'.repeat(16) };

const floods: [what: string, bytesMax: number, flood: Flood][] = [
  [
    'names in each minute',
    4 * mebibyte,
    (records, round) =>
      spans(records, 2_500, (i) => ({
        name: `${round}/${i} ${'日'.repeat(100)}`,
        startTimeUnixNano: minutesAgo(i % 10),
      })),
  ],
  [
    'durations of many names',
    mebibyte,
    (records, round) =>
      spans(records, 4_000, (i) => {
        const startTimeUnixNano = minutesAgo(1);
        const spread = BigInt(Math.floor(1.1 ** ((i % 20) + round * 20)));
        const endTimeUnixNano = startTimeUnixNano + spread * 1_000_000n;
        return { name: `op-${Math.floor(i / 20)}`, startTimeUnixNano, endTimeUnixNano };
      }),
  ],
  [
    'calls that nobody answers',
    2 * mebibyte,
    (records) => {
      const resource = records.resource('s'.repeat(100));
      return spans(records, 2_000, () => ({ kind: 3, parentSpanId: 'c'.repeat(16), resource }));
    },
  ],
  ['records', mebibyte / 2, (records) => spans(records, 5_000, () => orphan)],
  [
    'long texts',
    mebibyte,
    (records) => {
      const body = { stringValue: 'x'.repeat(4_000) };
      return records.message(Array.from({ length: 180 }, () => records.log({ body })));
    },
  ],
];

test.each(floods)(
  'a flood of %s takes half of the memory at most, as Redis counts it',
  async (_, bytesMax, flood) => {
    let nowMs = testNowMs + 30_000;
    const limits = { bytesMax };
    const { store } = await openStore(redis, `flood-${++made}:`, { limits, clock: () => nowMs });
    const records = new TestRecords();
    await store.apply([spans(records, 1, () => orphan)]);
    const before = await used();
    for (let round = 0; round < 9; round++) {
      await store.apply([flood(records, round)]);
      nowMs += 1_000;
    }
    expect((await used()) - before).toBeLessThan(bytesMax / 2 + tablesBytes);
    await store.stop();
  },
);

/** Without the buffers of connections, when everything that was removed is free. */
async function used(): Promise<number> {
  for (;;) {
    const info = await operator.info('all');
    const value = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
    if (value('lazyfree_pending_objects') > 0) continue;
    return value('used_memory') - value('mem_clients_normal');
  }
}
