import type { KeyValue, LogRecord, MetricPoint, SpanRecord } from '@spillway/otlp';
import { describe, expect, test } from 'vitest';
import { metricTypes } from '../test-points.ts';
import { TestRecords, testNowMs } from '../test-records.ts';
import { everyAnyValue, text } from '../test-values.ts';
import { expectedLog, expectedPoint, expectedSpan } from '../views.ts';
import { allMinutes, type SearchStoreUnderTest, testRange } from './harness.ts';

const uint64Max = 2n ** 64n - 1n;
const day = 86_400_000;

export function describeSearchValues({ writer, reader, apply }: SearchStoreUnderTest): void {
  describe('values', () => {
    test('a span comes back unchanged', async () => {
      const records = new TestRecords();
      const message = records.message([records.span(), richSpan(records)]);
      await apply(message);
      for (const span of message.records as SpanRecord[]) {
        const trace = await reader().trace('acme', span.traceId);
        expect(trace).toEqual({ spans: [expectedSpan(span)], truncated: false });
      }
    });

    test('a log comes back unchanged, whatever its body', async () => {
      const records = new TestRecords();
      const logs = everyAnyValue().map((body) => records.log({ body, attributes: attributes() }));
      const message = records.message([
        ...logs,
        records.log({ body: undefined, traceId: '', spanId: '' }),
      ]);
      await apply(message);
      const page = await reader().findLogs({ ...testRange, order: 'asc' });
      expect(page.items).toEqual((message.records as LogRecord[]).map(expectedLog));
    });

    test('a point of every type comes back unchanged', async () => {
      const records = new TestRecords();
      const points = [
        ...metricTypes.map((type) => records.point(type)),
        ...metricTypes.map((type) => extremePoint(records, type)),
      ];
      const message = records.message(points);
      await apply(message);
      const found: unknown[] = [];
      for (const type of metricTypes) {
        found.push(...(await reader().points({ ...testRange, name: `shop.${type}` })).items);
      }
      const expected = (message.records as MetricPoint[]).map(expectedPoint);
      expect(found).toHaveLength(expected.length);
      expect(found).toEqual(expect.arrayContaining(expected));
    });

    test.each([
      ['its own time', { timeUnixNano: nano(testNowMs - 6 * day) }, testNowMs - 6 * day],
      ['its own time, ahead', { timeUnixNano: nano(testNowMs + day / 2) }, testNowMs + day / 2],
      ['the observed time when it has none', { timeUnixNano: 0n }, testNowMs + 5],
      [
        'the observed time when it is too old',
        { timeUnixNano: nano(testNowMs - 8 * day) },
        testNowMs + 5,
      ],
      ['the observed time when it is far ahead', { timeUnixNano: uint64Max }, testNowMs + 5],
      [
        'its acceptance when there is no time',
        { timeUnixNano: 0n, observedTimeUnixNano: 0n },
        testNowMs + 9,
      ],
    ])('a log lies at %s', async (_, times, expectedMs) => {
      const records = new TestRecords();
      const log = records.log({ observedTimeUnixNano: nano(testNowMs + 5), ...times });
      await apply(records.message([log], { receivedMs: testNowMs + 9 }));
      const range = { ...testRange, fromMs: expectedMs, toMs: expectedMs + 1 };
      expect((await reader().findLogs(range)).items).toHaveLength(1);
      expect(await writer().rowCounts(allMinutes)).toMatchObject([{ rows: 1 }]);
    });
  });
}

function nano(timeMs: number): bigint {
  return BigInt(timeMs) * 1_000_000n;
}

function attributes(): KeyValue[] {
  return everyAnyValue().map((value, i) => ({ key: `kind.${i}`, value }));
}

/** Every field set, to what stores get wrong. */
function richSpan(records: TestRecords): SpanRecord {
  return records.span({
    resource: {
      ...records.resource('shop'),
      hash: 'f'.repeat(32),
      attributes: attributes(),
      droppedAttributesCount: 4,
    },
    scope: {
      ...records.scope(),
      hash: 'e'.repeat(32),
      attributes: attributes(),
      schemaUrl: 'https://example.com/s',
    },
    parentSpanId: '00000000000000ff',
    traceState: 'a=1,b=2',
    flags: 0xffff_ffff,
    name: 'naïve \u0000 name',
    kind: 77,
    endTimeUnixNano: uint64Max,
    attributes: attributes(),
    droppedAttributesCount: 1,
    events: [
      { timeUnixNano: uint64Max, name: '', attributes: attributes(), droppedAttributesCount: 0 },
      { timeUnixNano: 0n, name: 'second', attributes: [], droppedAttributesCount: 9 },
    ],
    droppedEventsCount: 2,
    droppedLinksCount: 3,
    statusCode: 2,
    statusMessage: 'it broke\n\u0000',
  });
}

function extremePoint(records: TestRecords, type: (typeof metricTypes)[number]): MetricPoint {
  const point = records.point(type, { attributes: [text('', ''), ...attributes()] });
  const isNumber = type === 'gauge' || type === 'sum';
  return {
    ...point,
    startTimeUnixNano: uint64Max,
    flags: 1,
    value: isNumber ? extremeNumber(type) : undefined,
    count: isNumber ? undefined : uint64Max,
    sum: isNumber ? undefined : Number.NaN,
    max: isNumber || type === 'summary' ? undefined : Number.POSITIVE_INFINITY,
    bucketCounts: point.bucketCounts && [uint64Max, 0n, 1n],
    explicitBounds: point.explicitBounds && [-0.5, Number.POSITIVE_INFINITY],
    zeroCount: point.zeroCount && uint64Max,
    positive: point.positive && { offset: -2_147_483_648, bucketCounts: [uint64Max] },
    negative: point.negative && { offset: 0, bucketCounts: [] },
    quantiles: point.quantiles && [{ quantile: 0, value: Number.NaN }],
    exemplars: point.exemplars.map((exemplar) => ({
      ...exemplar,
      value: { int: -(2n ** 63n) },
      filteredAttributes: attributes(),
    })),
  };
}

function extremeNumber(type: 'gauge' | 'sum'): MetricPoint['value'] {
  return type === 'gauge' ? { double: Number.NEGATIVE_INFINITY } : { int: -(2n ** 63n) };
}
