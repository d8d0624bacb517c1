import { topicOf } from '@spillway/broker';
import { type RedisServer, startRedis } from '@spillway/native';
import { SinkBehindError } from '@spillway/store';
import { TestRecords } from '@spillway/store/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clock, connect, keysOf, openStore, range, requests, spanMessages } from './support.ts';

const partitions = [0, 1];
let redis: RedisServer;
let made = 0;
const prefix = () => `once-${++made}:`;

beforeAll(async () => {
  // Without a file: what is killed starts empty.
  redis = await startRedis({ config: ['--appendonly', 'no'] });
});
afterAll(() => redis.remove());

test('messages that come again count once, in whatever order and however late', async () => {
  let nowMs = clock();
  const over = { positions: 'sequences', clock: () => nowMs } as const;
  const { store } = await openStore(redis, prefix(), over);
  const messages = spanMessages(new TestRecords(), 30);
  const again = [...messages, ...messages, ...messages].sort((a, b) => orderOf(a) - orderOf(b));
  for (let at = 0; at < again.length; at += 7) await store.apply(again.slice(at, at + 7));
  expect(await requests(store)).toBe(300);
  // Record keys are forgotten by now; messages are not.
  nowMs += 2_400_000;
  const outcomes = await store.apply(messages);
  expect(outcomes.flatMap((outcome) => outcome.records).every((o) => o.status === 'stored')).toBe(
    true,
  );
  expect(await requests(store)).toBe(300);
  await store.stop();
});

test('two projectors count together what their partitions hold', async () => {
  const keyPrefix = prefix();
  const opened = await Promise.all(partitions.map(() => openStore(redis, keyPrefix)));
  await Promise.all(
    opened.map(async ({ store }, partition) => {
      const messages = spanMessages(new TestRecords({ partition, gateway: `gw-${partition}` }), 40);
      for (const message of messages) await store.apply([message]);
    }),
  );
  for (const { store } of opened) {
    // Byte-equal records are one record: both makers give the same ones.
    expect(await requests(store)).toBe(400);
    await store.stop();
  }
});

test('a partition that moved goes on where the other projector stood', async () => {
  const keyPrefix = prefix();
  const messages = spanMessages(new TestRecords(), 30);
  const [first, second] = [await openStore(redis, keyPrefix), await openStore(redis, keyPrefix)];
  await first.store.apply(messages.slice(0, 20));
  await second.store.apply(messages.slice(10, 25));
  // The first one wakes up late with what it still had in hand.
  await first.store.apply(messages.slice(20, 22));
  await second.store.apply(messages.slice(25));
  expect(await requests(first.store)).toBe(300);
  await Promise.all([first.store.stop(), second.store.stop()]);
});

test('a Redis without what it had refuses the next step and says where to go on', async () => {
  const keyPrefix = prefix();
  const messages = spanMessages(new TestRecords(), 6);
  const { store } = await openStore(redis, keyPrefix);
  const other = await openStore(redis, keyPrefix);
  await store.apply(messages.slice(0, 4));
  await other.store.reset();
  await expect(store.apply(messages.slice(4, 6))).rejects.toBeInstanceOf(SinkBehindError);
  expect(await requests(store)).toBe(0);
  expect(
    await store.capabilities.nextPositions?.([{ topic: topicOf.traces, partition: 0 }]),
  ).toEqual([]);
  await store.apply(messages);
  expect(await requests(store)).toBe(60);
  await Promise.all([store.stop(), other.store.stop()]);
});

test('without positions the loss is told, and what comes is counted', async () => {
  const keyPrefix = prefix();
  const messages = spanMessages(new TestRecords(), 3);
  const { store, events } = await openStore(redis, keyPrefix, { positions: 'sequences' });
  expect(store.capabilities.nextPositions).toBeUndefined();
  await store.apply(messages.slice(0, 2));
  expect(events.filter(({ type }) => type === 'live-state-lost')).toEqual([]);
  const other = await openStore(redis, keyPrefix);
  await other.store.reset();
  await store.apply(messages.slice(2));
  expect(events).toContainEqual({ type: 'live-state-lost', partition: 'otlp_spans/0' });
  expect(await requests(store)).toBe(10);
  await Promise.all([store.stop(), other.store.stop()]);
});

test.each([
  { hours: 1, told: ['live-state-lost'] },
  { hours: 3, told: [] },
])(
  'marks that are gone after $hours h of silence are a loss only if they had to be there',
  async ({ hours, told }) => {
    let nowMs = clock();
    const keyPrefix = prefix();
    const over = { positions: 'sequences', clock: () => nowMs } as const;
    const { store, events } = await openStore(redis, keyPrefix, over);
    const messages = spanMessages(new TestRecords(), 2);
    await store.apply(messages.slice(0, 1));
    nowMs += hours * 3_600_000;
    const marks = (await keysOf(redis, keyPrefix)).filter((key) => key.includes(':m:'));
    const client = connect(redis);
    expect(await client.del(marks)).toBe(1);
    client.disconnect();
    await store.apply(messages.slice(1));
    expect(events.map(({ type }) => type).filter((type) => type === 'live-state-lost')).toEqual(
      told,
    );
    await store.stop();
  },
);

test('a message of many records is applied in pieces, once', async () => {
  const { store } = await openStore(redis, prefix());
  const records = new TestRecords();
  const [large, small] = [...spanMessages(records, 1, 2_500), ...spanMessages(records, 1)];
  if (!large || !small) throw new Error('two messages were made');
  await store.apply([large, small]);
  await store.apply([large, small]);
  expect(await requests(store)).toBe(2_510);
  const again = records.message([...large.records.slice(900, 1_100), ...small.records]);
  const [outcome] = await store.apply([again]);
  expect(new Set(outcome?.records.map(({ status }) => status))).toEqual(new Set(['duplicate']));
  expect(await requests(store)).toBe(2_510);
  await store.stop();
});

test('retries mixed with new records take nothing from the counts of the new ones', async () => {
  const { store } = await openStore(redis, prefix());
  const records = new TestRecords();
  const [first] = spanMessages(records, 1, 50);
  await store.apply(first ? [first] : []);
  const failed = Array.from({ length: 30 }, () => records.span({ statusCode: 2, name: 'new' }));
  await store.apply([records.message([...(first?.records ?? []), ...failed])]);
  const operations = await store.operations({ ...range, service: 'checkout' });
  const seen = operations.map(({ operation, ratePerSecond, errorRatio }) => {
    return [operation, Math.round(ratePerSecond * 60), errorRatio];
  });
  expect(seen).toEqual([
    ['GET /api/carts/{id}', 50, 0],
    ['new', 30, 1],
  ]);
  expect(store.stats().duplicates).toBe(50);
  await store.stop();
});

test('a key is recognised among very many', async () => {
  const { store } = await openStore(redis, prefix());
  const records = new TestRecords();
  // Beyond the first level of sets and into the second.
  const messages = spanMessages(records, 9, 990);
  await store.apply(messages);
  for (const { records: sent } of messages) {
    const outcomes = await store.apply([records.message(sent)]);
    expect(outcomes[0]?.records.every(({ status }) => status === 'duplicate')).toBe(true);
  }
  expect(await requests(store)).toBe(9 * 990);
  await store.stop();
});

/** Some fixed disorder. */
function orderOf({ position }: { position: number }): number {
  return (position * 7_919 + clock()) % 31;
}
