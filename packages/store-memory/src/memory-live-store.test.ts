import { TestRecords, testNowMs } from '@spillway/store/contract';
import { expect, test } from 'vitest';
import { createMemoryLiveStore, type LiveStoreEvent } from './memory-live-store.ts';

const range = { tenant: 'acme', fromMs: testNowMs, toMs: testNowMs + 60_000 };
const clock = () => testNowMs + 30_000;

test('operations beyond the limit are counted as other, under their service', async () => {
  const events: LiveStoreEvent[] = [];
  const store = createMemoryLiveStore({ clock, seriesMax: 3, report: (e) => events.push(e) });
  const records = new TestRecords();
  const spans = Array.from({ length: 10 }, (_, i) => records.span({ name: `op-${i}` }));
  const stranger = records.span({ resource: records.resource('stranger') });
  await store.apply([records.message([...spans, stranger])]);
  const operations = await store.operations({ ...range, service: 'checkout' });
  expect(operations.map(({ operation }) => operation)).toEqual([
    'other (too many names)',
    'op-0',
    'op-1',
    'op-2',
  ]);
  expect(operations[0]?.ratePerSecond).toBeCloseTo(7 / 60);
  expect((await store.services(range)).map(({ service }) => service)).toEqual([
    'checkout',
    'other (too many names)',
  ]);
  expect(store.stats()).toMatchObject({ kept: { series: 3 }, limits: { names: 8 } });
  expect(events).toEqual([{ type: 'series-overflowed', tenant: 'acme' }]);
});

test('a name that has left the window makes room for another', async () => {
  let nowMs = testNowMs;
  const store = createMemoryLiveStore({ clock: () => nowMs, seriesMax: 1, windowMs: 60_000 });
  const first = new TestRecords();
  await store.apply([first.message([first.span({ name: 'old' })])]);
  nowMs += 120_000;
  const later = new TestRecords({ nowMs, partition: 1 });
  await store.apply([later.message([later.span({ name: 'new' })])]);
  const now = { tenant: 'acme', fromMs: nowMs, toMs: nowMs + 60_000, service: 'checkout' };
  expect(await store.operations(now)).toMatchObject([{ operation: 'new' }]);
});

test('cells are bounded: the oldest bucket goes first', async () => {
  const store = createMemoryLiveStore({ clock, cellsMax: 2 });
  const records = new TestRecords();
  const spans = [0, 10, 20].map((second) =>
    records.span({ startTimeUnixNano: BigInt(testNowMs + second * 1_000) * 1_000_000n }),
  );
  await store.apply([records.message(spans)]);
  expect(store.stats()).toMatchObject({ kept: { cells: 2 }, limits: { window: 1 } });
  const [service] = await store.services(range);
  expect(service?.ratePerSecond).toBeCloseTo(2 / 60);
});

test('spans that wait for their other side are bounded, and the lost ones counted', async () => {
  const store = createMemoryLiveStore({ clock, pendingMax: 100 });
  const records = new TestRecords();
  const orphans = Array.from({ length: 300 }, () => records.span({ parentSpanId: 'a'.repeat(16) }));
  const siblings = Array.from({ length: 300 }, () =>
    records.span({ parentSpanId: 'b'.repeat(16), traceId: 'c'.repeat(32) }),
  );
  await store.apply([records.message([...orphans, ...siblings])]);
  const { kept, limits } = store.stats();
  expect(kept?.waitingSpans).toBeLessThanOrEqual(102);
  expect(limits.waiting).toBeGreaterThan(400);
});

test('a tail goes on in a process that started anew, from its first record', async () => {
  const tail = { tenant: 'acme', signal: 'logs', limit: 10 } as const;
  const [before, after] = [createMemoryLiveStore({ clock }), createMemoryLiveStore({ clock })];
  const records = new TestRecords();
  await before.apply([records.message([records.log(), records.log(), records.log()])]);
  const { lastId } = await before.tail(tail);
  await after.apply([records.message([records.log()])]);
  expect((await after.tail({ ...tail, afterId: lastId })).items).toHaveLength(1);
});
