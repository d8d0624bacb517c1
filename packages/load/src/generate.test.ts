import type { LogRecord, MetricPoint, SpanRecord } from '@spillway/otlp';
import { describe, expect, test } from 'vitest';
import { type GenerateOptions, generate } from './generate.ts';

const options: GenerateOptions = {
  traces: 40,
  spans: 12,
  logs: 203,
  points: 101,
  batchRecordsMax: 50,
  seed: 7,
  nowMs: Date.UTC(2026, 0, 5, 12),
};

describe('generate', () => {
  test('makes exactly as many records as it was asked for, in requests of at most a batch', () => {
    const batches = [...generate(options)];
    const { spans, logs, points } = collect(options);
    expect([spans.length, logs.length, points.length]).toEqual([480, 203, 101]);
    expect(Math.max(...batches.map(({ records }) => records.length))).toBe(50);
    const short = batches.filter(({ records }) => records.length < 50);
    expect(short.length).toBeLessThanOrEqual(3);
  });

  test.each([
    { traces: 0, spans: 5, logs: 250, points: 0 },
    { traces: 0, spans: 5, logs: 0, points: 7 },
    { traces: 3, spans: 1, logs: 0, points: 0 },
    { traces: 0, spans: 1, logs: 0, points: 0 },
  ])('makes what it is asked for when something is missing: %o', (some) => {
    const { spans, logs, points } = collect({ ...options, ...some });
    expect(spans.length).toBe(some.traces * some.spans);
    expect([logs.length, points.length]).toEqual([some.logs, some.points]);
  });

  test('equal seeds give equal records, other seeds other ids', () => {
    expect(collect(options)).toEqual(collect(options));
    const other = collect({ ...options, seed: 8 });
    const ids = new Set(collect(options).spans.map(({ traceId }) => traceId));
    expect(other.spans.filter(({ traceId }) => ids.has(traceId))).toEqual([]);
  });

  test('every span but the root has its parent in the trace, inside whose time it starts', () => {
    const traces = Map.groupBy(collect(options).spans, ({ traceId }) => traceId);
    expect(traces.size).toBe(options.traces);
    for (const spans of traces.values()) {
      const byId = new Map(spans.map((span) => [span.spanId, span]));
      expect(byId.size).toBe(spans.length);
      expect(spans.filter(({ parentSpanId }) => parentSpanId === '')).toEqual([spans[0]]);
      for (const span of spans.slice(1)) {
        const parent = byId.get(span.parentSpanId) as SpanRecord;
        expect(span.startTimeUnixNano).toBeGreaterThanOrEqual(parent.startTimeUnixNano);
        expect(span.endTimeUnixNano).toBeLessThanOrEqual(parent.endTimeUnixNano);
        expect(span.endTimeUnixNano).toBeGreaterThan(span.startTimeUnixNano);
      }
    }
  });

  test('calls cross services as client and server, messages as producer and consumer', () => {
    const spans = collect(options).spans;
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const pairs = new Set<string>();
    for (const span of spans) {
      const parent = byId.get(span.parentSpanId);
      if (parent && parent.resource !== span.resource) pairs.add(`${parent.kind}>${span.kind}`);
    }
    expect([...pairs].sort()).toEqual(['3>2', '4>5']);
    expect(new Set(spans.map(({ resource }) => resource.service)).size).toBe(6);
    const consumers = spans.filter(({ kind }) => kind === 5);
    expect(consumers.every(({ links }) => links.length === 1)).toBe(true);
  });

  test('a failure has its exception and reaches the root', () => {
    const spans = collect(options).spans;
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const failed = spans.filter(({ statusCode }) => statusCode === 2);
    expect(failed.length).toBeGreaterThan(0);
    for (const span of failed) {
      expect(span.events.some(({ name }) => name === 'exception')).toBe(true);
      expect(byId.get(span.parentSpanId)?.statusCode ?? 2).toBe(2);
    }
  });

  test('logs belong to spans, and are told apart by their sequence', () => {
    const { spans, logs } = collect(options);
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    for (const log of logs) {
      const span = byId.get(log.spanId) as SpanRecord;
      expect([log.traceId, log.resource]).toEqual([span.traceId, span.resource]);
    }
    expect(new Set(logs.map((log) => sequenceOf(log))).size).toBe(logs.length);
    expect(new Set(spans.map((span) => sequenceOf(span))).size).toBe(spans.length);
    const bodies = new Set(logs.flatMap(({ body }) => Object.keys(body ?? {})));
    expect([...bodies].sort()).toEqual(['kvlistValue', 'stringValue']);
  });

  test('points are of every kind, add up, never share a time, and point at spans that exist', () => {
    const { spans, points } = collect(options);
    expect(new Set(points.map(({ metric }) => metric.type)).size).toBe(5);
    expect(new Set(points.map(({ timeUnixNano }) => timeUnixNano)).size).toBe(points.length);
    const ids = new Set(spans.map(({ spanId }) => spanId));
    const exemplars = points.flatMap((point) => point.exemplars);
    expect(exemplars.length).toBeGreaterThan(0);
    expect(exemplars.every(({ spanId }) => ids.has(spanId))).toBe(true);
    for (const point of points) expect(countedIn(point)).toBe(point.count ?? 0n);
  });
});

function collect(some: GenerateOptions) {
  const records = [...generate(some)].flatMap((batch) => batch.records);
  return {
    spans: records.filter((record) => record.signal === 'traces'),
    logs: records.filter((record) => record.signal === 'logs'),
    points: records.filter((record) => record.signal === 'metrics'),
  };
}

function sequenceOf({ attributes }: SpanRecord | LogRecord): string | undefined {
  return attributes.find(({ key }) => key === 'spillway.sequence')?.value.intValue;
}

function countedIn(point: MetricPoint): bigint {
  if (point.metric.type === 'summary') return point.count ?? 0n;
  const counts = point.bucketCounts ?? point.positive?.bucketCounts ?? [];
  return counts.reduce((sum, count) => sum + count, 0n);
}
