/** The points of a metric by series and time, each with what it adds to the one before it. */

import { type MetricQuery, tooMuchAsked } from '@spillway/store';
import { lookBackMs, metricSteps, type Shape } from '@spillway/store/search';
import type { Hit } from '../client.ts';
import { equals, hasAttributes } from './filters.ts';
import { columnsOnly, type Reader } from './reader.ts';
import { type SeriesInfo, SeriesInfos } from './series-info.ts';

/** Each is some 300 bytes of an answer. */
const pageSize = 1_000;
const pointsMax = 1_000_000;

export interface SeriesPoint {
  seriesKey: string;
  series: SeriesInfo;
  /** Below 0 before the range. */
  step: number;
  /** µs since the epoch. */
  timeUs: number;
  value: number | undefined;
  low: number | undefined;
  high: number | undefined;
  /** Increase of the value, or of the count of observations; undefined when it cannot be known. */
  increase: number | undefined;
  sumIncrease: number | undefined;
  /** Counts how often the series began again before this point. */
  epoch: number;
  /** A cumulative point of which nothing is known that came before. */
  isUnknown: boolean;
  shape: Shape | undefined;
}

/**
 * Reads the points of a metric query, series by series, from some time before its range on. Throws
 * `too-much-asked`.
 */
export async function* scanPoints(
  reader: Reader,
  query: MetricQuery,
  { shapes }: { shapes: boolean },
): AsyncGenerator<SeriesPoint> {
  const { stepMs } = metricSteps(query);
  const earliestMs = Math.ceil(query.fromMs) - lookBackMs(stepMs);
  const filter = [
    ...reader.inRange({ ...query, fromMs: earliestMs }),
    ...equals('name', query.name),
    ...equals('service', query.service),
    ...hasAttributes(query.attributes),
    { term: { recorded: true } },
  ];
  const sort = ['series', '@timestamp', 'time_us', 'time_ns', 'tie'];
  const pages = reader.scan(
    'metrics',
    {
      query: { bool: { filter } },
      sort: sort.map((field) => ({ [field]: 'asc' as const })),
      docvalue_fields: ['start_us', 'value', 'count', 'sum', 'min', 'max'],
      ...(shapes ? { _source: shapeFields } : columnsOnly),
    },
    pageSize,
  );
  const infos = new SeriesInfos(reader, query, filter);
  let points = 0;
  let before: Measured | undefined;
  for await (const hits of pages) {
    points += hits.length;
    if (points > pointsMax) throw tooMuchAsked(`more than ${pointsMax} points`);
    const seriesOf = await infos.of(hits.map(({ sort }) => String(sort?.[0])));
    for (const hit of hits) {
      const series = seriesOf.get(String(hit.sort?.[0]));
      if (!series) continue;
      const now = measure(hit, series);
      const isSame = before?.seriesKey === now.seriesKey;
      const point = compare(now, isSame ? before : undefined, earliestMs);
      before = now;
      yield { ...point, step: Math.floor((now.timeMs - Math.ceil(query.fromMs)) / stepMs) };
    }
  }
}

const shapeFields = ['bucketCounts', 'explicitBounds', 'scale', 'zeroCount', 'zeroThreshold']
  .concat('positive', 'negative')
  .map((field) => `exact.${field}`);

interface Measured {
  seriesKey: string;
  series: SeriesInfo;
  timeMs: number;
  timeUs: number;
  startUs: number;
  number: number | undefined;
  sum: number | undefined;
  count: number | undefined;
  min: number | undefined;
  max: number | undefined;
  grown: number | undefined;
  shape: Shape | undefined;
  epoch: number;
}

function measure({ sort, fields, _source }: Hit, series: SeriesInfo): Measured {
  const of = (field: string) => (fields?.[field] as number[] | undefined)?.[0];
  const [number, count] = [of('value'), of('count')];
  return {
    seriesKey: String(sort?.[0]),
    series,
    timeMs: Number(sort?.[1]),
    timeUs: Number(sort?.[2]) + Number(sort?.[3]) / 1_000,
    startUs: of('start_us') ?? 0,
    number,
    count,
    sum: of('sum'),
    min: of('min'),
    max: of('max'),
    grown: series.isDistribution ? count : number,
    shape: _source?.exact as Shape | undefined,
    epoch: 0,
  };
}

/** Sets the epoch of `now`. */
function compare(
  now: Measured,
  before: Measured | undefined,
  earliestMs: number,
): Omit<SeriesPoint, 'step'> {
  const { series, grown, sum } = now;
  const { isDelta, isDistribution } = series;
  const base = before?.grown;
  const isUnknown = base === undefined && Math.floor(now.startUs / 1_000) < earliestMs;
  const isReset =
    series.onlyGrows &&
    before !== undefined &&
    ((grown !== undefined && base !== undefined && grown < base) || now.startUs > before.startUs);
  now.epoch = (before?.epoch ?? 0) + (isReset ? 1 : 0);
  const isFresh = isReset || base === undefined;
  const increaseOf = (value: number | undefined, earlier: number | undefined) => {
    if (isDelta || value === undefined) return value;
    if (isUnknown) return undefined;
    if (isFresh) return value;
    return earlier === undefined ? undefined : value - earlier;
  };
  const mean = sum !== undefined && now.count ? sum / now.count : undefined;
  const isFirstGauge = series.isGauge && base === undefined;
  return {
    seriesKey: now.seriesKey,
    series,
    timeUs: now.timeUs,
    value: isDistribution ? mean : now.number,
    low: isDistribution ? now.min : now.number,
    high: isDistribution ? now.max : now.number,
    increase: isFirstGauge && !isDelta ? undefined : increaseOf(grown, base),
    sumIncrease: increaseOf(sum, before?.sum),
    epoch: now.epoch,
    isUnknown,
    shape: now.shape,
  };
}
