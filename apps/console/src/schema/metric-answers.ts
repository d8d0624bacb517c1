import { z } from 'zod';
import { cursor, fresh, ranged } from './fresh.ts';
import {
  attributes,
  keyValue,
  resourceView,
  scopeView,
  spanId,
  timeUnixNano,
  traceId,
} from './telemetry.ts';

const metricType = z.enum(['gauge', 'sum', 'histogram', 'exponential_histogram', 'summary']);
const temporality = z.number().describe('0 unspecified, 1 delta, 2 cumulative.');

export const metricInfo = z
  .object({
    name: z.string(),
    description: z.string(),
    unit: z.string(),
    type: metricType,
    temporality,
    monotonic: z.boolean(),
    services: z.array(z.string()),
    attributeKeys: z.array(z.string()),
  })
  .meta({ id: 'MetricInfo' });

export const metricSeries = z
  .object({
    labels: z.record(z.string(), z.string()),
    points: z
      .array(z.tuple([z.number(), z.number().nullable()]))
      .describe("[ms since the epoch of the step's start, value]; null where a step has no point."),
  })
  .meta({ id: 'MetricSeries' });

export const exemplarView = z
  .object({
    timeMs: z.number(),
    value: z.number(),
    traceId,
    spanId,
    labels: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Exemplar', description: 'A measured value with the trace that it came from.' });

const pointValue = z
  .union([z.object({ int: z.string() }), z.object({ double: z.union([z.number(), z.string()]) })])
  .optional()
  .describe('Of gauge and sum: an integer as a decimal string, or a double.');
const buckets = z.object({ offset: z.number(), bucketCounts: z.array(z.string()) }).optional();

export const pointView = z
  .object({
    key: z.string().describe('Names the record in all stores.'),
    metric: z.object({
      name: z.string(),
      description: z.string(),
      unit: z.string(),
      type: metricType,
      temporality,
      monotonic: z.boolean(),
      metadata: z.array(keyValue),
    }),
    service: z.string(),
    attributes,
    startTimeUnixNano: timeUnixNano,
    timeUnixNano,
    flags: z.number(),
    value: pointValue,
    count: z.string().optional().describe('A decimal string, as all 64-bit counts.'),
    sum: z.number().optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    bucketCounts: z.array(z.string()).optional(),
    explicitBounds: z.array(z.number()).optional(),
    scale: z.number().optional(),
    zeroCount: z.string().optional(),
    zeroThreshold: z.number().optional(),
    positive: buckets,
    negative: buckets,
    quantiles: z.array(z.object({ quantile: z.number(), value: z.number() })).optional(),
    exemplars: z.array(
      z.object({
        timeUnixNano,
        value: pointValue,
        spanId,
        traceId,
        filteredAttributes: z.array(keyValue),
      }),
    ),
    resource: resourceView,
    scope: scopeView,
  })
  .meta({ id: 'MetricPoint', description: 'A data point as it was sent.' });

export const metricsAnswer = z.object({ ...ranged, metrics: z.array(metricInfo), ...fresh });

export const metricQueryAnswer = z.object({
  ...ranged,
  stepMs: z.number().describe('Width of a step: the one asked for, or one that fits the range.'),
  info: metricInfo.optional().describe('Absent when the metric is not there in the range.'),
  series: z.array(metricSeries).describe('The largest ones.'),
  seriesDropped: z.number().describe('Series beyond those, which are only counted.'),
  exemplars: z.array(exemplarView).describe('At most 200 of the range, those with a trace id.'),
  ...fresh,
});

export const pointsAnswer = z.object({
  ...ranged,
  points: z.array(pointView).describe('Oldest first.'),
  cursor,
  ...fresh,
});

export type MetricInfo = z.output<typeof metricInfo>;
export type MetricSeries = z.output<typeof metricSeries>;
export type ExemplarView = z.output<typeof exemplarView>;
export type MetricsAnswer = z.output<typeof metricsAnswer>;
export type MetricQueryAnswer = z.output<typeof metricQueryAnswer>;
export type PointsAnswer = z.output<typeof pointsAnswer>;
