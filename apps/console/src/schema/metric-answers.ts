import { z } from 'zod';
import { cursor, fresh, ranged } from './fresh.ts';
import {
  attributes,
  keyValue,
  recordKey,
  resourceView,
  scopeView,
  serviceName,
  spanId,
  timeUnixNano,
  traceId,
} from './telemetry.ts';

const described = {
  name: z.string().describe('Name of the metric.'),
  description: z.string().describe('Description that its sender gave it.'),
  unit: z.string().describe('Unit in UCUM, such as `ms` or `By`; empty when unset.'),
  type: z
    .enum(['gauge', 'sum', 'histogram', 'exponential_histogram', 'summary'])
    .describe('Type of OTLP.'),
  temporality: z
    .number()
    .describe('What a point covers: 0 unspecified, 1 delta (since the last point), 2 cumulative.'),
  monotonic: z.boolean().describe('Whether a sum only grows.'),
};

/** The schema of a metric in a list. */
const metricInfo = z
  .object({
    ...described,
    services: z.array(z.string()).describe('Services that sent it in the range.'),
    attributeKeys: z.array(z.string()).describe('Keys of the attributes of its points.'),
  })
  .meta({ id: 'MetricInfo', description: 'A metric that has points in the range.' });

const labels = z.record(z.string(), z.string());

/** The schema of one line of a chart. */
const metricSeries = z
  .object({
    labels: labels.describe('Value of each key of `groupBy`.'),
    points: z
      .array(z.tuple([z.number(), z.number().nullable()]))
      .describe("[ms since the epoch of the step's start, value]; null where a step has no point."),
  })
  .meta({ id: 'MetricSeries', description: 'A line of a chart: one value for each step.' });

/** The schema of an exemplar in a chart. */
const exemplarView = z
  .object({
    timeMs: z.number().describe('When it was measured, in ms since the epoch.'),
    value: z.number().describe('The measured value.'),
    traceId,
    spanId,
    labels: labels.describe('Value of each key of `groupBy` in the series that it belongs to.'),
  })
  .meta({ id: 'Exemplar', description: 'A measured value with the trace that it came from.' });

const pointValue = z
  .union([
    z.object({ int: z.string().describe('A decimal string.') }),
    z.object({
      double: z.union([z.number(), z.string()]).describe('A number, or `NaN` and so on.'),
    }),
  ])
  .optional()
  .describe('Value of a gauge or sum: an integer as a decimal string, or a double.');
const buckets = z
  .object({
    offset: z.number().describe('Index of the first bucket.'),
    bucketCounts: z.array(z.string()).describe('Values in each bucket, as decimal strings.'),
  })
  .optional();

const exemplar = z.object({
  timeUnixNano,
  value: pointValue,
  spanId,
  traceId,
  filteredAttributes: z.array(keyValue).describe('Attributes that the aggregation left out.'),
});

/** The schema of a data point. */
const pointView = z
  .object({
    key: recordKey,
    metric: z
      .object({ ...described, metadata: z.array(keyValue).describe('Metadata of the metric.') })
      .describe('The metric that it is a point of.'),
    service: serviceName,
    attributes,
    startTimeUnixNano: timeUnixNano,
    timeUnixNano,
    flags: z.number().describe('DataPointFlags of OTLP; 1: nothing was recorded.'),
    value: pointValue,
    count: z.string().optional().describe('Measured values, as a decimal string.'),
    sum: z.number().optional().describe('Sum of the measured values.'),
    min: z.number().optional().describe('Smallest measured value.'),
    max: z.number().optional().describe('Largest measured value.'),
    bucketCounts: z
      .array(z.string())
      .optional()
      .describe('Values in each bucket of a histogram, as decimal strings.'),
    explicitBounds: z
      .array(z.number())
      .optional()
      .describe('Bounds between the buckets of a histogram, one fewer than buckets.'),
    scale: z
      .number()
      .optional()
      .describe('Resolution of an exponential histogram: its buckets grow by 2^(2^-scale).'),
    zeroCount: z
      .string()
      .optional()
      .describe('Values of an exponential histogram that count as zero, as a decimal string.'),
    zeroThreshold: z.number().optional().describe('Width of the zero bucket.'),
    positive: buckets.describe('Buckets of positive values of an exponential histogram.'),
    negative: buckets.describe('Buckets of negative values of an exponential histogram.'),
    quantiles: z
      .array(
        z.object({
          quantile: z.number().describe('0 to 1.'),
          value: z.number().describe('Value at the quantile.'),
        }),
      )
      .optional()
      .describe('Quantiles of a summary.'),
    exemplars: z.array(exemplar).describe('Measured values with the traces that they came from.'),
    resource: resourceView,
    scope: scopeView,
  })
  .meta({ id: 'MetricPoint', description: 'A data point as it was sent.' });

/** The schema of a list of metrics. */
export const metricsAnswer = z.object({
  ...ranged,
  metrics: z.array(metricInfo).describe('Metrics with a point in the range.'),
  ...fresh,
});

/** The schema of a chart. */
export const metricQueryAnswer = z.object({
  ...ranged,
  stepMs: z
    .number()
    .describe('Width of a step in ms: the one asked for, or one that fits the range.'),
  info: metricInfo.optional(),
  series: z.array(metricSeries).describe('The largest series.'),
  seriesDropped: z.number().describe('Series beyond those, which are only counted.'),
  exemplars: z.array(exemplarView).describe('At most 200 of the range, those with a trace id.'),
  ...fresh,
});

/** The schema of a page of data points. */
export const pointsAnswer = z.object({
  ...ranged,
  points: z.array(pointView).describe('Data points, oldest first.'),
  cursor,
  ...fresh,
});

/** A metric that has points in the range. */
export type MetricInfo = z.output<typeof metricInfo>;
/** A line of a chart: one value for each step. */
export type MetricSeries = z.output<typeof metricSeries>;
/** A measured value with the trace that it came from. */
export type ExemplarView = z.output<typeof exemplarView>;
/** A list of metrics. */
export type MetricsAnswer = z.output<typeof metricsAnswer>;
/** A chart. */
export type MetricQueryAnswer = z.output<typeof metricQueryAnswer>;
/** A page of data points. */
export type PointsAnswer = z.output<typeof pointsAnswer>;
