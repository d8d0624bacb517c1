import { useMemo } from 'preact/hooks';
import type { MetricInfo, MetricsAnswer } from '../../../../src/schema/metric-answers.ts';
import { query } from '../../lib/api.ts';
import { many } from '../../lib/format.ts';
import { hereWith, param, range, setParams } from '../../lib/location.ts';
import { useAutoRefresh } from '../../lib/use-auto-refresh.ts';
import { useQuery } from '../../lib/use-query.ts';
import { Empty, SendFirst, ViewOf } from '../../ui/states.tsx';
import { MetricPanel } from './metric-panel.tsx';

const shownMax = 300;

export function MetricsPage() {
  useAutoRefresh(15_000);
  const { fromMs, toMs } = range.value;
  const answer = useQuery<MetricsAnswer>(query('/api/metrics', { from: fromMs, to: toMs }));
  return (
    <div class="page">
      <div class="page-head">
        <h1>Metrics</h1>
        {answer.data && <p class="sub">{many(answer.data.metrics.length, 'metric')}</p>}
      </div>
      <ViewOf answer={answer} what="The metrics">
        {({ metrics }) =>
          metrics.length ? (
            <Metrics metrics={metrics} />
          ) : (
            <Empty title="No metric arrived in this time.">
              <SendFirst signal="metrics" />
            </Empty>
          )
        }
      </ViewOf>
    </div>
  );
}

function Metrics({ metrics }: { metrics: readonly MetricInfo[] }) {
  const wanted = param('search') ?? '';
  const found = useMemo(() => {
    const words = wanted.toLowerCase().split(/\s+/);
    const matching = metrics.filter(({ name, description, services }) => {
      const text = `${name} ${description} ${services.join(' ')}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    return matching.sort((a, b) => a.name.localeCompare(b.name));
  }, [metrics, wanted]);
  const name = param('name') ?? found[0]?.name;
  const info = metrics.find((metric) => metric.name === name);
  return (
    <div class="metrics">
      <nav class="metric-list" aria-label="Metrics">
        <input
          type="search"
          aria-label="Find a metric"
          placeholder="Find a metric"
          data-search
          value={wanted}
          onInput={(event) => setParams({ search: event.currentTarget.value }, { replace: true })}
        />
        {/* biome-ignore lint/a11y/noRedundantRoles: without markers Safari drops the list's role */}
        <ul role="list">
          {found.slice(0, shownMax).map((metric) => (
            <li key={metric.name}>
              <a
                href={hereWith({ name: metric.name, agg: undefined, groupBy: undefined })}
                aria-current={metric.name === name ? 'true' : undefined}
              >
                <span>{metric.name}</span>
                <span class="faint">
                  {metric.type.replace('_', ' ')} {metric.unit && `· ${metric.unit}`}
                </span>
              </a>
            </li>
          ))}
        </ul>
        {found.length === 0 && <p class="hint">No metric has these words.</p>}
        {found.length > shownMax && <p class="hint">{found.length - shownMax} more; search</p>}
      </nav>
      {name && <MetricPanel name={name} info={info} />}
    </div>
  );
}
