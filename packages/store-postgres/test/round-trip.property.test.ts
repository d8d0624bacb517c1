import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnyValue, KeyValue, MetricPoint, TelemetryRecord } from '@spillway/otlp';
import { metricTypes, TestRecords } from '@spillway/store/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPostgresStore } from '../src/index.ts';

/** Plain objects, as decoders make them. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { noNullPrototype: true });

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('\0', '\ue000', '0', 'E', '"', '\\', ',', '{', '}', 'u0000') }),
);
const uint64 = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constant(2n ** 63n));
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const double = fc.double();
const hex = (digits: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits });
const traceId = hex(32);
const spanId = hex(16);
const optionalId = (id: fc.Arbitrary<string>) => fc.oneof(id, fc.constant(''));

const { anyValue } = fc.letrec<{ anyValue: AnyValue; keyValue: KeyValue }>((tie) => ({
  keyValue: record({ key: text, value: tie('anyValue') }),
  anyValue: fc.oneof(
    { maxDepth: 3 },
    fc.constant({}),
    text.map((stringValue) => ({ stringValue })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    int64.map((value) => ({ intValue: String(value) })),
    double.map((value) => ({
      doubleValue: Number.isFinite(value) ? value : (String(value) as 'NaN'),
    })),
    fc.base64String().map((bytesValue) => ({ bytesValue })),
    fc.array(tie('anyValue'), { maxLength: 3 }).map((values) => ({ arrayValue: { values } })),
    fc.array(tie('keyValue'), { maxLength: 3 }).map((values) => ({ kvlistValue: { values } })),
  ),
}));
const attributes = fc.array(record({ key: text, value: anyValue }), { maxLength: 4 });
const number = fc.oneof(
  fc.constant(undefined),
  int64.map((value) => ({ int: value })),
  double.map((value) => ({ double: value })),
);
const buckets = record({ offset: int32, bucketCounts: fc.array(uint64, { maxLength: 4 }) });
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
const made = { attributes, droppedAttributesCount: uint32 };

const span = record({
  ...made,
  traceId,
  spanId,
  parentSpanId: optionalId(spanId),
  traceState: text,
  name: text,
  flags: uint32,
  kind: int32,
  statusCode: int32,
  statusMessage: text,
  startTimeUnixNano: uint64,
  endTimeUnixNano: uint64,
  droppedEventsCount: uint32,
  droppedLinksCount: uint32,
  events: fc.array(record({ ...made, timeUnixNano: uint64, name: text }), { maxLength: 3 }),
  links: fc.array(
    record({
      ...made,
      traceState: text,
      flags: uint32,
      traceId: optionalId(traceId),
      spanId: optionalId(spanId),
    }),
    { maxLength: 3 },
  ),
});
const log = record({
  ...made,
  timeUnixNano: uint64,
  observedTimeUnixNano: uint64,
  flags: uint32,
  severityNumber: int32,
  severityText: text,
  body: maybe(anyValue),
  eventName: text,
  traceId: optionalId(traceId),
  spanId: optionalId(spanId),
});
const point = record({
  attributes,
  startTimeUnixNano: uint64,
  timeUnixNano: uint64,
  flags: uint32,
  value: number,
  count: maybe(uint64),
  sum: maybe(double),
  min: maybe(double),
  max: maybe(double),
  scale: maybe(int32),
  zeroCount: maybe(uint64),
  zeroThreshold: maybe(double),
  bucketCounts: maybe(fc.array(uint64)),
  explicitBounds: maybe(fc.array(double)),
  positive: maybe(buckets),
  negative: maybe(buckets),
  quantiles: maybe(fc.array(record({ quantile: double, value: double }))),
  metric: record({
    name: text,
    description: text,
    unit: text,
    type: fc.constantFrom(...metricTypes),
    temporality: int32,
    monotonic: fc.boolean(),
    metadata: attributes,
  }),
  exemplars: fc.array(
    record({
      timeUnixNano: uint64,
      value: number,
      filteredAttributes: attributes,
      traceId: optionalId(traceId),
      spanId: optionalId(spanId),
    }),
    { maxLength: 3 },
  ),
});

let parent: string;
let store: ReturnType<typeof createPostgresStore>;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'spillway-postgres-'));
  store = createPostgresStore({ dir: join(parent, 'postgres'), retentionMs: 86_400_000 });
  await store.start();
});
afterAll(async () => {
  await store.stop();
  await rm(parent, { recursive: true });
});

test('whatever a record holds comes back unchanged', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(span, { maxLength: 20 }),
      fc.array(log, { maxLength: 20 }),
      fc.array(point, { maxLength: 20 }),
      async (spans, logs, points) => {
        run += 1;
        const tenant = `run-${run}`;
        const records = new TestRecords({ tenant, partition: run });
        const batches: TelemetryRecord[][] = [
          spans.map((of) => records.span(of)),
          logs.map((of) => records.log(of)),
          points.map((of) => records.point(of.metric.type as MetricPoint['metric']['type'], of)),
        ];
        const messages = batches.filter((of) => of.length > 0).map((of) => records.message(of));
        await store.apply(messages);
        for (const message of messages) {
          const range = { fromMinute: 0, toMinute: 2_000_000_000, tenant };
          for await (const back of store.readBack({ ...range, signal: message.signal })) {
            expect(back.applied.stored).toBe(message.records.length);
            expect(back.records).toStrictEqual(message.records);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
}, 120_000);
