import { badParameter } from '../http/errors.ts';
import {
  duration,
  list,
  oneOf,
  paging,
  range,
  readParameters,
  readRange,
  splitAttributes,
  text,
  whole,
} from '../parameters.ts';
import type { Api } from '../query/api.ts';
import { niceStepMs } from '../query/time.ts';

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

const listSpec = { search: text(), ...range, limit: paging(1_000).limit };
const pointsSpec = { name: text(), ...range, ...paging(1_000) };
const querySpec = {
  name: text(),
  groupBy: list(5),
  agg: oneOf(aggregations),
  service: text(),
  ...range,
  step: duration,
  series: whole({ min: 1, max: seriesMax }),
};

export function addMetricRoutes(api: Api): void {
  const { search } = api.options;

  api.get('/api/metrics', async ({ tenant, query, nowMs, ending, room }) => {
    const parsed = readParameters(listSpec, query, nowMs);
    const span = readRange(parsed, nowMs);
    const limit = parsed.limit ?? 1_000;
    const metrics = await search.metrics({
      ...span,
      tenant,
      search: parsed.search,
      limit,
      ending,
      room,
    });
    return { store: 'search', body: { ...span, metrics } };
  });

  api.get('/api/metrics/query', async ({ tenant, query, nowMs, ending, room }) => {
    const { rest, attributes } = splitAttributes(query);
    const parsed = readParameters(querySpec, rest, nowMs);
    const span = readRange(parsed, nowMs);
    const stepMs = checkedStep(parsed.step, span.toMs - span.fromMs);
    const answer = await search.queryMetric({
      ...span,
      tenant,
      name: demandName(parsed.name),
      groupBy: parsed.groupBy ?? [],
      agg: parsed.agg ?? 'avg',
      stepMs,
      service: parsed.service,
      attributes,
      seriesMax: parsed.series ?? seriesMax,
      ending,
      room,
    });
    return { store: 'search', body: { ...span, stepMs, ...answer } };
  });

  api.get('/api/metrics/points', async ({ tenant, query, nowMs, ending, room }) => {
    const parsed = readParameters(pointsSpec, query, nowMs);
    const span = readRange(parsed, nowMs);
    const page = await search.points({
      ...span,
      tenant,
      name: demandName(parsed.name),
      limit: parsed.limit ?? 100,
      cursor: parsed.cursor,
      ending,
      room,
    });
    return { store: 'search', body: { ...span, points: page.items, cursor: page.cursor } };
  });
}

function demandName(name: string | undefined): string {
  if (name !== undefined) return name;
  throw badParameter({ key: 'name', wanted: 'the name of a metric', got: 'nothing' });
}

function checkedStep(stepMs: number | undefined, rangeMs: number): number {
  if (stepMs === undefined) return niceStepMs(rangeMs, stepsDefault);
  const leastMs = Math.max(1, Math.ceil(rangeMs / stepsMax));
  if (stepMs >= leastMs) return stepMs;
  const wanted = `at least ${leastMs}ms for this range (${stepsMax} steps at most)`;
  throw badParameter({ key: 'step', wanted, got: `${stepMs}ms` });
}
