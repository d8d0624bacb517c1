import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnyValue, KeyValue, LogRecord, MetricPoint, SpanRecord } from '@spillway/otlp';
import {
  expectedLog,
  expectedPoint,
  expectedSpan,
  TestRecords,
  testNowMs,
} from '@spillway/store/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDuckdbSearchStore, type DuckdbSearchStore } from '../src/index.ts';

const range = { tenant: 'acme', fromMs: testNowMs - 1, toMs: testNowMs + 60_000, limit: 1_000 };

let dir: string;
let store: DuckdbSearchStore;
let records: TestRecords;
let metrics = 0;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'spillway-round-trip-'));
  store = createDuckdbSearchStore({ dir });
  await store.start();
  records = new TestRecords();
});
afterAll(async () => {
  await store.stop();
  await rm(dir, { recursive: true });
});

const text = fc.string({
  unit: fc.oneof(fc.constant('\u0000'), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })),
});
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint32 = fc.nat({ max: 0xffff_ffff });
const int32 = fc.integer();

const { value: anyValue } = fc.letrec<{ value: AnyValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant({}),
    fc.record({ stringValue: text }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ intValue: int64.map(String) }),
    fc.record({ doubleValue: fc.double().map(asJson) }),
    fc.record({ bytesValue: fc.base64String() }),
    fc.record({ arrayValue: fc.record({ values: fc.array(tie('value'), { maxLength: 3 }) }) }),
    fc.record({
      kvlistValue: fc.record({ values: fc.array(pairOf(tie('value')), { maxLength: 3 }) }),
    }),
  ) as fc.Arbitrary<AnyValue>,
}));
const attributes = fc.array(pairOf(anyValue), { maxLength: 4 });

function pairOf(value: fc.Arbitrary<AnyValue>): fc.Arbitrary<KeyValue> {
  return fc.record({ key: text, value });
}

function asJson(value: number): number | 'NaN' | 'Infinity' | '-Infinity' {
  return Number.isFinite(value) ? value : (String(value) as 'NaN');
}

const spanParts = fc.record({
  name: text,
  kind: int32,
  flags: uint32,
  traceState: text,
  endTimeUnixNano: uint64,
  attributes,
  droppedAttributesCount: uint32,
  events: fc.array(
    fc.record({ timeUnixNano: uint64, name: text, attributes, droppedAttributesCount: uint32 }),
    { maxLength: 2 },
  ),
  droppedEventsCount: uint32,
  droppedLinksCount: uint32,
  statusCode: int32,
  statusMessage: text,
});

const logParts = fc.record({
  observedTimeUnixNano: uint64,
  severityNumber: int32,
  severityText: text,
  body: fc.option(anyValue, { nil: undefined }),
  attributes,
  droppedAttributesCount: uint32,
  flags: uint32,
  eventName: text,
});

const counts = fc.array(uint64, { maxLength: 5 });
const buckets = fc.record({ offset: int32, bucketCounts: counts });
const pointParts = fc.record({
  attributes,
  startTimeUnixNano: uint64,
  flags: uint32,
  count: uint64,
  sum: fc.option(fc.double(), { nil: undefined }),
  min: fc.option(fc.double(), { nil: undefined }),
  max: fc.option(fc.double(), { nil: undefined }),
  bucketCounts: counts,
  explicitBounds: fc.array(fc.double(), { maxLength: 5 }),
  scale: int32,
  zeroCount: uint64,
  zeroThreshold: fc.double(),
  positive: buckets,
  negative: buckets,
  quantiles: fc.array(fc.record({ quantile: fc.double(), value: fc.double() }), { maxLength: 3 }),
});

const numbers = fc.record({
  value: fc.oneof(
    fc.constant(undefined),
    fc.record({ int: int64 }),
    fc.record({ double: fc.double() }),
  ),
  attributes,
});

test('any span comes back unchanged', () =>
  forAny(spanParts, async (batch) => {
    const message = records.message(batch.map((parts) => records.span(parts)));
    await store.apply([message]);
    for (const span of message.records as SpanRecord[]) {
      expect((await store.trace('acme', span.traceId))?.spans).toEqual([expectedSpan(span)]);
    }
  }));

test('any log comes back unchanged', () =>
  forAny(logParts, async (batch) => {
    const message = records.message(batch.map((parts) => records.log(parts)));
    await store.apply([message]);
    for (const log of message.records as LogRecord[]) {
      const { items } = await store.findLogs({ ...range, traceId: log.traceId });
      expect(items).toEqual([expectedLog(log)]);
    }
  }));

test.each([
  ['exponential_histogram', pointParts],
  ['gauge', numbers],
] as const)('any %s point comes back unchanged', (type, parts) =>
  forAny<Partial<MetricPoint>>(parts, async (batch) => {
    const name = `metric-${++metrics}`;
    const points = batch.map((over) => {
      const point = records.point(type, over);
      return { ...point, metric: { ...point.metric, name } };
    });
    const message = records.message(points);
    await store.apply([message]);
    const { items } = await store.points({ ...range, name });
    expect(items).toEqual((message.records as MetricPoint[]).map(expectedPoint));
  }),
);

/** Several at a time, so that they also meet each other in one batch. */
async function forAny<T>(parts: fc.Arbitrary<T>, check: (batch: T[]) => Promise<void>) {
  const batches = fc.array(parts, { minLength: 1, maxLength: 15 });
  await fc.assert(fc.asyncProperty(batches, check), { numRuns: 25 });
}
