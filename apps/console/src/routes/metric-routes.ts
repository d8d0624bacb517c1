import { badParameter } from '../http/errors.ts';
import type { Api } from '../query/api.ts';
import { route } from '../query/route.ts';
import { niceStepMs } from '../query/time.ts';
import { metricQueryAnswer, metricsAnswer, pointsAnswer } from '../schema/metric-answers.ts';
import {
  attributes,
  cursor,
  duration,
  limit,
  list,
  noParameters,
  oneOf,
  parameters,
  range,
  readRange,
  text,
  whole,
} from '../schema/parameters.ts';

const aggregations = [
  'avg',
  'sum',
  'min',
  'max',
  'last',
  'count',
  'rate',
  'p50',
  'p90',
  'p95',
  'p99',
] as const;
const seriesMax = 50;
const stepsDefault = 120;
const stepsMax = 2_000;

const metricName = text().describe('Name of the metric.');

const listMetrics = route({
  path: '/api/metrics',
  tag: 'telemetry',
  summary: 'List metrics',
  query: parameters({
    search: text().optional().describe('Part of the name.'),
    ...range,
    limit: limit({ max: 1_000, by: 1_000 }),
  }),
  params: noParameters,
  answer: metricsAnswer,
});

const queryMetric = route({
  path: '/api/metrics/query',
  tag: 'telemetry',
  summary: 'Chart a metric',
  description: 'Series of a metric over the range, with exemplars.',
  query: parameters({
    name: metricName,
    groupBy: list(5)
      .optional()
      .describe('Attribute keys, or `service`, separated by commas: a series for each value.'),
    agg: oneOf(aggregations)
      .default('avg')
      .describe(
        'How points become one value for each step. `rate` is per second and knows counter resets; percentiles need a histogram.',
      ),
    service: text().optional().describe('Points of this service.'),
    ...attributes,
    ...range,
    step: duration
      .optional()
      .describe(
        `Width of a step, such as 30s: at most ${stepsMax} steps in the range; chosen to fit when absent.`,
      ),
    series: whole({ min: 1, max: seriesMax })
      .default(seriesMax)
      .describe('Most series in the answer.'),
  }),
  params: noParameters,
  answer: metricQueryAnswer,
});

const findPoints = route({
  path: '/api/metrics/points',
  tag: 'telemetry',
  summary: 'Data points as they were sent',
  query: parameters({
    name: metricName,
    ...range,
    limit: limit({ max: 1_000, by: 100 }),
    cursor,
  }),
  params: noParameters,
  answer: pointsAnswer,
});

/**
 * Adds the list of metrics, their charts and their data points, all answered by the search store.
 */
export function addMetricRoutes(api: Api): void {
  const { search } = api.options;

  api.get(listMetrics, async ({ tenant, query, nowMs, ending, room }) => {
    const { from, to, ...rest } = query;
    const span = readRange({ from, to }, nowMs);
    const metrics = await search.metrics({ ...rest, ...span, tenant, ending, room });
    return { sink: 'search', body: { ...span, metrics } };
  });

  api.get(queryMetric, async ({ tenant, query, nowMs, ending, room }) => {
    const { from, to, step, series, groupBy = [], 'attr.*': attributes, ...rest } = query;
    const span = readRange({ from, to }, nowMs);
    const stepMs = checkedStep(step, span.toMs - span.fromMs);
    const asked = { ...rest, ...span, tenant, groupBy, stepMs, attributes, ending, room };
    const answer = await search.queryMetric({ ...asked, seriesMax: series });
    return { sink: 'search', body: { ...span, stepMs, ...answer } };
  });

  api.get(findPoints, async ({ tenant, query, nowMs, ending, room }) => {
    const { from, to, ...rest } = query;
    const span = readRange({ from, to }, nowMs);
    const page = await search.points({ ...rest, ...span, tenant, ending, room });
    return { sink: 'search', body: { ...span, points: page.items, cursor: page.cursor } };
  });
}

function checkedStep(stepMs: number | undefined, rangeMs: number): number {
  if (stepMs === undefined) return niceStepMs(rangeMs, stepsDefault);
  const leastMs = Math.max(1, Math.ceil(rangeMs / stepsMax));
  if (stepMs >= leastMs) return stepMs;
  const wanted = `at least ${leastMs}ms for this range (${stepsMax} steps at most)`;
  throw badParameter({ key: 'step', wanted, got: `${stepMs}ms` });
}
