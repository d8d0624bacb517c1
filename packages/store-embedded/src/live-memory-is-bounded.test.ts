import type { SpanRecord } from '@spillway/otlp';
import { TestRecords, testNowMs } from '@spillway/store/contract';
import { expect, test } from 'vitest';
import { createMemoryLiveStore, type LiveStoreEvent } from './memory-live-store.ts';

const mebibyte = 1_048_576;
const clock = () => testNowMs + 30_000;
const range = { fromMs: testNowMs, toMs: testNowMs + 60_000 };

/** So many spans, over ten minutes, with `over` for each. */
function flood(records: TestRecords, count: number, over: (i: number) => Partial<SpanRecord>) {
  const spans = Array.from({ length: count }, (_, i) => {
    const startMs = testNowMs - (i % 60) * 10_000;
    const startTimeUnixNano = BigInt(startMs) * 1_000_000n;
    const endTimeUnixNano = startTimeUnixNano + BigInt(Math.floor(1.1 ** (i % 200))) * 1_000n;
    return records.span({ startTimeUnixNano, endTimeUnixNano, ...over(i) });
  });
  return records.message(spans);
}

const floods: [what: string, over: (i: number) => Partial<SpanRecord>][] = [
  ['operations', (i) => ({ name: `${i} ${'日'.repeat(500)}` })],
  ['services', (i) => ({ resource: new TestRecords().resource(`${i} ${'s'.repeat(5_000)}`) })],
  ['calls that no one answers', (i) => ({ kind: 3, name: `${i}` })],
  ['orphans of one parent', () => ({ parentSpanId: 'a'.repeat(16), traceId: 'b'.repeat(32) })],
  ['durations', (i) => ({ name: `op-${i % 40}` })],
];

test.each(floods)(
  'a flood of %s stays below the limit, and costs no other tenant',
  async (_, over) => {
    const bytesMax = 4 * mebibyte;
    const store = createMemoryLiveStore({ clock, bytesMax });
    const quiet = new TestRecords({ tenant: 'quiet' });
    const spans = Array.from({ length: 200 }, (_, i) => quiet.span({ name: `op-${i % 20}` }));
    const first = quiet.message(spans);
    await store.apply([first]);
    const asked = { ...range, tenant: 'quiet', service: 'checkout' };
    const before = [await store.operations(asked), await store.tail({ ...tail, tenant: 'quiet' })];
    const loud = new TestRecords({ tenant: 'loud', partition: 1 });
    for (let n = 0; n < 6; n++) {
      await store.apply([flood(loud, 2_500, over)]);
      expect(store.stats().bytes).toBeLessThanOrEqual(bytesMax);
    }
    expect(await store.operations(asked)).toEqual(before[0]);
    expect(await store.tail({ ...tail, tenant: 'quiet' })).toEqual(before[1]);
    const again = await store.apply([quiet.message(first.records)]);
    expect(new Set(again[0]?.records.map(({ status }) => status))).toEqual(new Set(['duplicate']));
  },
);

const tail = { signal: 'traces', limit: 1_000 } as const;

test.each(floods)('a flood of %s gets half of the memory at most', async (_, over) => {
  const store = createMemoryLiveStore({ clock, bytesMax: 2 * mebibyte });
  const records = new TestRecords();
  for (let n = 0; n < 4; n++) await store.apply([flood(records, 2_500, over)]);
  expect(store.stats().bytes).toBeLessThanOrEqual(mebibyte);
});

test('many tenants share the memory: each keeps a view, and new ones beyond it are counted', async () => {
  const events: LiveStoreEvent[] = [];
  const bytesMax = 4 * mebibyte;
  const store = createMemoryLiveStore({ clock, bytesMax, report: (e) => events.push(e) });
  for (let n = 0; n < 400; n++) {
    const records = new TestRecords({ tenant: `tenant-${n}`, partition: n });
    await store.apply([flood(records, 100, (i) => ({ name: `${i} ${'x'.repeat(300)}` }))]);
    expect(store.stats().bytes).toBeLessThanOrEqual(bytesMax);
  }
  const { tenants, tenantsRefused } = store.stats();
  expect(tenants).toBe(256);
  expect(tenantsRefused).toBe(400 - 256);
  expect(events).toContainEqual({ type: 'tenants-overflowed', tenant: 'tenant-256' });
  const asked = { ...range, fromMs: testNowMs - 3_600_000, tenant: 'tenant-7' };
  expect(await store.services(asked)).toHaveLength(1);
});

test('the memory of a tenant that fell silent is free again', async () => {
  let nowMs = testNowMs;
  const store = createMemoryLiveStore({ clock: () => nowMs });
  const records = new TestRecords();
  await store.apply([flood(records, 1_000, (i) => ({ name: `${i}` }))]);
  await store.apply([records.message([records.log()])]);
  nowMs += 3_700_000;
  const later = new TestRecords({ tenant: 'other', nowMs, partition: 1 });
  await store.apply([later.message([later.span()])]);
  expect(store.stats()).toMatchObject({ tenants: 1, series: 1, pendingSpans: 0 });
  expect(store.stats().bytes).toBeLessThan(20_000);
});
