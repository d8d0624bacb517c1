import { TestRecords, testNowMs } from '@spillway/store/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ElasticsearchStore } from '../src/index.ts';
import type { TestIndices, TestServer } from './harness.ts';
import { testRange } from './harness.ts';

const dayMs = 86_400_000;

export function describeQueriesAtScale(server: TestServer): void {
  describe('pages of traces', () => {
    let indices: TestIndices;
    let store: ElasticsearchStore;
    beforeEach(async () => {
      indices = server.fresh();
      store = await indices.open();
    });
    afterEach(() => indices.remove());

    it('meet every trace once, in order, however their spans overlap', async () => {
      const begins = await applyOverlapping(store);
      await indices.refresh();
      const wanted = [...begins].sort(([a, x], [b, y]) => y - x || (a < b ? 1 : -1));
      for (const over of [{}, { service: 'even' }, { status: 'error' as const }]) {
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const range = { ...testRange, fromMs: testNowMs - dayMs, limit: 70 };
          const page = await store.findTraces({ ...range, ...over, cursor });
          seen.push(...page.items.map(({ traceId }) => traceId));
          cursor = page.cursor;
        } while (cursor !== undefined);
        const rest = 'service' in over ? 2 : 'status' in over ? 5 : 1;
        const expected = wanted.filter(([traceId]) => Number(numbers.get(traceId)) % rest === 0);
        expect(seen).toEqual(expected.map(([traceId]) => traceId));
      }
    });
  });
}

const numbers = new Map<string, number>();

/** 500 traces of ten spans over six hours, half of them with spans minutes apart. By id: begin. */
async function applyOverlapping(store: ElasticsearchStore): Promise<Map<string, number>> {
  const records = new TestRecords();
  const begins = new Map<string, number>();
  const spans = Array.from({ length: 500 }, (_, n) => {
    const traceId = records.traceId(100_000 + n);
    const beginMs = testNowMs - ((n * 7_919) % 500) * 43_200;
    const gapMs = n % 2 === 0 ? 240_000 : 7;
    numbers.set(traceId, n);
    begins.set(traceId, beginMs);
    return Array.from({ length: 10 }, (_, i) =>
      records.span({
        traceId,
        parentSpanId: i === 0 ? '' : 'a'.repeat(16),
        resource: records.resource(n % 2 === 0 && i === 9 ? 'even' : 'all'),
        statusCode: n % 5 === 0 && i === 9 ? 2 : 0,
        startTimeUnixNano: BigInt(Math.min(beginMs + i * gapMs, testNowMs)) * 1_000_000n,
      }),
    );
  });
  await store.apply([records.message(spans.flat())]);
  return begins;
}
