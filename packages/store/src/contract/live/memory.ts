import type { SpanRecord } from '@spillway/otlp';
import { afterEach, describe, expect, test } from 'vitest';
import { TestRecords, testNowMs } from '../test-records.ts';
import type { LiveStoreContractOptions, LiveStoreHarness } from './harness.ts';

const mebibyte = 1_048_576;
const clock = () => testNowMs + 30_000;
const range = { fromMs: testNowMs, toMs: testNowMs + 60_000 };
const hour = { fromMs: testNowMs - 3_600_000, toMs: testNowMs + 60_000 };

type Over = (i: number) => Partial<SpanRecord>;

const floods: [what: string, over: Over][] = [
  ['operations', (i) => ({ name: `${i} ${'日'.repeat(500)}` })],
  ['services', (i) => ({ resource: new TestRecords().resource(`${i} ${'s'.repeat(500)}`) })],
  ['calls that no one answers', (i) => ({ kind: 3, name: `${i}` })],
  ['orphans of one parent', () => ({ parentSpanId: 'a'.repeat(16), traceId: 'b'.repeat(32) })],
];

/** What clients send takes memory within a bound, and one tenant's flood costs only that tenant. */
export function describeLiveMemory({ name, create }: LiveStoreContractOptions): void {
  describe(`${name} within its memory`, () => {
    let harness: LiveStoreHarness;
    const open = async (bytesMax: number) => {
      harness = await create(clock, bytesMax);
      return harness.store;
    };
    afterEach(() => harness.close());

    test.each(floods)(
      'a flood of %s takes half at most, and costs no other tenant',
      async (_, over) => {
        const bytesMax = 2 * mebibyte;
        const store = await open(bytesMax);
        const quiet = new TestRecords({ tenant: 'quiet' });
        const spans = Array.from({ length: 200 }, (_, i) => quiet.span({ name: `op-${i % 20}` }));
        const first = quiet.message(spans);
        await store.apply([first]);
        const asked = { ...range, tenant: 'quiet', service: 'checkout' };
        const tail = { signal: 'traces', tenant: 'quiet', limit: 1_000 } as const;
        const before = [await store.operations(asked), await store.tail(tail)];
        const { memoryBytes: quietBytes = 0 } = store.stats();
        const loud = new TestRecords({ tenant: 'loud', partition: 1 });
        for (let n = 0; n < 5; n++) {
          await store.apply([flood(loud, 2_500, over)]);
          expect(store.stats().memoryBytes).toBeLessThanOrEqual(bytesMax / 2 + quietBytes);
        }
        expect([await store.operations(asked), await store.tail(tail)]).toEqual(before);
        const again = await store.apply([quiet.message(first.records)]);
        expect(new Set(again[0]?.records.map(({ status }) => status))).toEqual(
          new Set(['duplicate']),
        );
        expect(Object.values(store.stats().limits).some((count) => count > 0)).toBe(true);
      },
    );

    test('many tenants share it: each keeps a view, and those beyond are counted', async () => {
      const bytesMax = 4 * mebibyte;
      const store = await open(bytesMax);
      for (let n = 0; n < 700; n++) {
        const records = new TestRecords({ tenant: `tenant-${n}`, partition: n });
        await store.apply([flood(records, 40, (i) => ({ name: `${i} ${'x'.repeat(300)}` }))]);
        expect(store.stats().memoryBytes).toBeLessThanOrEqual(bytesMax);
      }
      expect(store.stats().limits.tenants).toBeGreaterThan(0);
      expect(await store.services({ ...hour, tenant: 'tenant-7' })).toHaveLength(1);
      expect(await store.services({ ...hour, tenant: 'tenant-699' })).toEqual([]);
    });
  });
}

/** Makes `count` spans, over ten minutes, with `over` for each. */
function flood(records: TestRecords, count: number, over: Over) {
  const spans = Array.from({ length: count }, (_, i) => {
    const startMs = testNowMs - (i % 60) * 10_000;
    const startTimeUnixNano = BigInt(startMs) * 1_000_000n;
    return records.span({ startTimeUnixNano, ...over(i) });
  });
  return records.message(spans);
}
