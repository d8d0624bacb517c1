import { useMemo } from 'preact/hooks';
import type {
  ExemplarView,
  MetricQueryAnswer,
  MetricSeries,
} from '../../../../src/schema/metric-answers.ts';
import { seriesColour, serviceColour, token } from '../../lib/colour.ts';
import { inUnit, many, rate, short } from '../../lib/format.ts';
import { go } from '../../lib/location.ts';
import { dark } from '../../lib/settings.ts';
import { Chart } from '../../ui/chart.tsx';
import { timeChart, tipText, tipTime } from '../../ui/chart-style.ts';
import { traceHref } from '../traces/trace-search.tsx';

interface MetricChartProps {
  data: MetricQueryAnswer;
  agg: string;
}

/** Those whose numbers are on the scale of the exemplars' own values. */
const likeValues = /^(avg|min|max|last|p\d+)$/;

export function MetricChart({ data, agg }: MetricChartProps) {
  const format = formatOf(data, agg);
  const theme = dark.value;
  const option = useMemo(() => optionOf(data, agg, format), [data, agg, theme]);
  const names = data.series.map(nameOf);
  const marks = likeValues.test(agg) ? data.exemplars.length : 0;
  return (
    <figure class="panel">
      <figcaption>
        <span class="legend">
          {data.series.map((series, i) => (
            <span key={names[i]}>
              <span class="dot" style={{ background: colourOf(series, i) }} aria-hidden="true" />
              {names[i]}
            </span>
          ))}
          {data.seriesDropped > 0 && (
            <span class="faint">{many(data.seriesDropped, 'smaller series')} left out</span>
          )}
          {marks > 0 && (
            <span>
              <span class="sign-exemplar" aria-hidden="true">
                ◆
              </span>{' '}
              exemplar
            </span>
          )}
        </span>
      </figcaption>
      <Chart
        option={option}
        height={280}
        label={chartLabel(data, agg, format)}
        onClick={(point) => {
          const { exemplar } = point as { exemplar?: ExemplarView };
          if (exemplar) go(traceHref(exemplar.traceId, exemplar.spanId || undefined));
        }}
      />
    </figure>
  );
}

function optionOf(data: MetricQueryAnswer, agg: string, format: (value: number) => string) {
  const { fromMs, toMs, series, exemplars, info } = data;
  const base = timeChart({ fromMs, toMs, format });
  const lines = series.map((each, i) => ({
    type: 'line',
    name: nameOf(each),
    showSymbol: each.points.filter(([, value]) => value !== null).length < 3,
    symbolSize: 5,
    lineStyle: { width: 1.75 },
    itemStyle: { color: colourOf(each, i) },
    data: bridged(each.points),
  }));
  const marks = {
    type: 'scatter',
    name: 'exemplar',
    symbol: 'diamond',
    symbolSize: 10,
    z: 5,
    itemStyle: { color: token('exemplar'), borderColor: token('surface'), borderWidth: 1 },
    data: thinned(exemplars, fromMs, toMs).map((exemplar) => ({
      value: [exemplar.timeMs, exemplar.value],
      exemplar,
    })),
  };
  const tip = (points: unknown): string => {
    const one = points as { data: { exemplar?: ExemplarView } };
    if (one.data?.exemplar) return exemplarTip(one.data.exemplar, info?.unit ?? '');
    const rows = points as { seriesName: string; value: [number, number | null] }[];
    const lines = rows
      .filter((row) => row.value[1] !== null && row.seriesName !== 'exemplar')
      .map((row) => `${tipText(row.seriesName)}  ${format(row.value[1] ?? 0)}`);
    return [tipTime(rows[0]?.value[0] ?? 0), ...lines.slice(0, 12)].join('\n');
  };
  return {
    ...base,
    tooltip: { ...base.tooltip, trigger: 'axis', formatter: tip },
    series: likeValues.test(agg) ? [...lines, { ...marks, tooltip: { trigger: 'item' } }] : lines,
  };
}

/**
 * Steps are often finer than the sender's interval. A line goes on over steps without a point, but
 * breaks where points are missing that should be there.
 */
function bridged(points: MetricSeries['points']): MetricSeries['points'] {
  const known = points.filter(([, value]) => value !== null);
  const gaps = known.slice(1).map(([ms], i) => ms - (known[i]?.[0] ?? ms));
  const usualMs = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0;
  return known.flatMap((point, i) => {
    const beforeMs = known[i - 1]?.[0];
    const broken = beforeMs !== undefined && point[0] - beforeMs > usualMs * 2.5;
    return broken ? [[beforeMs + usualMs, null] as [number, null], point] : [point];
  });
}

const marksMax = 60;

/** The largest one of each part of the time: a mark for every one would hide the lines. */
function thinned(exemplars: readonly ExemplarView[], fromMs: number, toMs: number) {
  const partMs = (toMs - fromMs) / marksMax;
  const largest = new Map<number, ExemplarView>();
  for (const exemplar of exemplars) {
    const part = Math.floor((exemplar.timeMs - fromMs) / partMs);
    if (exemplar.value > (largest.get(part)?.value ?? -Infinity)) largest.set(part, exemplar);
  }
  return [...largest.values()];
}

function exemplarTip(exemplar: ExemplarView, unit: string): string {
  const labels = tipText(Object.values(exemplar.labels).join(' '));
  const id = `trace ${exemplar.traceId.slice(0, 8)}…`;
  return [inUnit(exemplar.value, unit), labels, tipTime(exemplar.timeMs), id].join('\n');
}

function formatOf(data: MetricQueryAnswer, agg: string): (value: number) => string {
  if (agg === 'rate') return rate;
  if (agg === 'count') return short;
  return (value) => inUnit(value, data.info?.unit ?? '');
}

function nameOf(series: MetricSeries): string {
  const values = Object.values(series.labels);
  return values.length ? values.map((value) => value || '(none)').join(' · ') : 'all';
}

function colourOf(series: MetricSeries, index: number): string {
  const service = series.labels.service;
  return service === undefined ? seriesColour(index) : serviceColour(service);
}

function chartLabel(data: MetricQueryAnswer, agg: string, format: (value: number) => string) {
  const said = data.series.slice(0, 5).map((series) => {
    const last = series.points.findLast(([, value]) => value !== null)?.[1];
    return `${nameOf(series)} last ${last === undefined || last === null ? 'unknown' : format(last)}`;
  });
  const exemplars = data.exemplars.length ? `; ${many(data.exemplars.length, 'exemplar')}` : '';
  return `${agg} of ${data.info?.name ?? 'the metric'} over time: ${said.join(', ')}${exemplars}`;
}
