import { useMemo } from 'preact/hooks';
import type { HistogramBar, LogHistogramAnswer } from '../../../../src/schema/log-answers.ts';
import { token } from '../../lib/colour.ts';
import { bands, count, many, short } from '../../lib/format.ts';
import { hereWith } from '../../lib/location.ts';
import { dark } from '../../lib/settings.ts';
import { useQuery } from '../../lib/use-query.ts';
import { Chart } from '../../ui/chart.tsx';
import { timeChart, tipTime } from '../../ui/chart-style.ts';

/** From the calm ones at the bottom to the loud ones on top. */
const order = ['unset', ...bands] as const;

export function LogHistogram({ url }: { url: string }) {
  const { data, loading } = useQuery<LogHistogramAnswer>(url);
  const totals = useMemo(() => totalsOf(data?.bars ?? []), [data]);
  const theme = dark.value;
  const option = useMemo(() => optionOf(data, totals), [data, totals, theme]);
  const sum = [...totals.values()].reduce((a, b) => a + b, 0);
  const said = [...totals].map(([band, n]) => `${count(n)} ${band}`).join(', ');
  return (
    <figure class={loading ? 'panel stale' : 'panel'}>
      <figcaption>
        <span>{many(sum, 'log record')} over time</span>
        <span class="legend">
          {[...totals].map(([band, n]) => (
            <a
              href={hereWith({ severity: band === 'unset' ? undefined : band })}
              class={`severity severity-${band}`}
              key={band}
            >
              {band} {short(n)}
            </a>
          ))}
        </span>
      </figcaption>
      <Chart option={option} height={92} label={`Log records over time: ${said || 'none'}`} />
    </figure>
  );
}

function totalsOf(bars: readonly HistogramBar[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const band of order) {
    const total = bars.reduce((sum, bar) => sum + (bar.counts[band] ?? 0), 0);
    if (total > 0) totals.set(band, total);
  }
  return totals;
}

function optionOf(data: LogHistogramAnswer | undefined, totals: ReadonlyMap<string, number>) {
  const { fromMs = 0, toMs = 1, bars = [] } = data ?? {};
  const halfMs = bars.length > 1 ? ((bars[1]?.fromMs ?? 0) - (bars[0]?.fromMs ?? 0)) / 2 : 0;
  const base = timeChart({ fromMs, toMs, format: short });
  return {
    ...base,
    tooltip: { ...base.tooltip, trigger: 'axis', formatter: tip },
    series: [...totals.keys()].map((band) => ({
      type: 'bar',
      stack: 'logs',
      name: band,
      barCategoryGap: '15%',
      itemStyle: { color: token(`severity-${band}`) },
      data: bars.map((bar) => [bar.fromMs + halfMs, bar.counts[band] ?? 0]),
    })),
  };
}

function tip(points: unknown): string {
  const rows = points as { seriesName: string; value: [number, number] }[];
  const lines = rows
    .filter(({ value }) => value[1] > 0)
    .map(({ seriesName, value }) => `${seriesName}  ${count(value[1])}`);
  return [tipTime(rows[0]?.value[0] ?? 0), ...lines.toReversed()].join('\n');
}
