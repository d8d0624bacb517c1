import { describe, expect, test } from 'vitest';
import type { LogQuery } from '../../search/search-reader.ts';
import { TestRecords, testNowMs } from '../test-records.ts';
import { int, text } from '../test-values.ts';
import { type SearchStoreUnderTest, testRange } from './harness.ts';

export function describeSearchLogs({ reader, apply }: SearchStoreUnderTest): void {
  const eventsFor = async (query: Partial<LogQuery>) =>
    (await reader().findLogs({ ...testRange, ...query })).items.map(({ eventName }) => eventName);

  describe('logs', () => {
    test('are found by words of the body and of attribute values, in any case', async () => {
      const records = new TestRecords();
      await apply(
        records.message([
          records.log({ eventName: 'a', body: { stringValue: 'Payment REFUSED by Straße bank' } }),
          records.log({
            eventName: 'b',
            body: { kvlistValue: { values: [text('inner', 'Payment accepted')] } },
            attributes: [text('bank', 'Refused-Corp'), int('amount', 4711)],
          }),
        ]),
      );
      expect(await eventsFor({ query: 'payment' })).toEqual(['b', 'a']);
      expect(await eventsFor({ query: ' refused  PAYMENT ' })).toEqual(['b', 'a']);
      expect(await eventsFor({ query: 'straße' })).toEqual(['a']);
      expect(await eventsFor({ query: '4711 accepted' })).toEqual(['b']);
      expect(await eventsFor({ query: 'payment missing' })).toEqual([]);
      expect(await eventsFor({ query: "'; DROP TABLE log_record; --" })).toEqual([]);
      expect(await eventsFor({ query: '%' })).toEqual([]);
    });

    test('are found by trace, span, service, severity and attribute', async () => {
      const records = new TestRecords();
      const [traceId, spanId] = [records.traceId(9_001), records.spanId(9_002)];
      await apply(
        records.message([
          records.log({ eventName: 'traced', traceId, spanId, severityNumber: 9 }),
          records.log({ eventName: 'warned', severityNumber: 13, attributes: [int('code', 7)] }),
          records.log({
            eventName: 'elsewhere',
            severityNumber: 17,
            resource: records.resource('b'),
          }),
        ]),
      );
      expect(await eventsFor({ traceId })).toEqual(['traced']);
      expect(await eventsFor({ traceId, spanId })).toEqual(['traced']);
      expect(await eventsFor({ traceId, spanId: 'f'.repeat(16) })).toEqual([]);
      expect(await eventsFor({ traceId: 'nonsense' })).toEqual([]);
      expect(await eventsFor({ service: 'b' })).toEqual(['elsewhere']);
      expect(await eventsFor({ severityMin: 13 })).toEqual(['elsewhere', 'warned']);
      expect(await eventsFor({ severityMin: 13, order: 'asc' })).toEqual(['warned', 'elsewhere']);
      expect(await eventsFor({ attributes: { code: '7' } })).toEqual(['warned']);
      expect(await eventsFor({ attributes: { 'service.name': 'b' } })).toEqual(['elsewhere']);
    });

    test.each(['asc', 'desc'] as const)('pages meet every log once, %s', async (order) => {
      const records = new TestRecords();
      const timeUnixNano = BigInt(testNowMs) * 1_000_000n;
      // All at one time: the order of arrival is kept.
      const logs = Array.from({ length: 23 }, (_, i) =>
        records.log({ timeUnixNano, eventName: String(i) }),
      );
      await apply(records.message(logs.slice(0, 9)), records.message(logs.slice(9)));
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await reader().findLogs({ ...testRange, order, limit: 5, cursor });
        seen.push(...page.items.map(({ eventName }) => eventName));
        cursor = page.cursor;
      } while (cursor !== undefined);
      const inOrder = logs.map(({ eventName }) => eventName);
      expect(seen).toEqual(order === 'asc' ? inOrder : inOrder.reverse());
    });

    test('at most 1,000 come at once', async () => {
      const records = new TestRecords();
      await apply(records.message(Array.from({ length: 1_005 }, () => records.log())));
      const page = await reader().findLogs({ ...testRange, limit: 1_000_000 });
      expect(page.items).toHaveLength(1_000);
      expect(page.cursor).toBeDefined();
    });

    test('the histogram counts by severity band over equal parts of the range', async () => {
      const records = new TestRecords();
      const at = (ms: number, severityNumber: number) =>
        records.log({ timeUnixNano: BigInt(testNowMs + ms) * 1_000_000n, severityNumber });
      await apply(records.message([at(0, 9), at(1, 10), at(2, 0), at(999, 17), at(1_000, 24)]));
      const range = { ...testRange, fromMs: testNowMs, toMs: testNowMs + 3_000, bars: 3 };
      expect(await reader().logHistogram(range)).toEqual([
        { fromMs: testNowMs, counts: { info: 2, unset: 1, error: 1 } },
        { fromMs: testNowMs + 1_000, counts: { fatal: 1 } },
        { fromMs: testNowMs + 2_000, counts: {} },
      ]);
    });
  });
}
