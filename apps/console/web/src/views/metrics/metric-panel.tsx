import type {
  ExemplarView,
  MetricInfo,
  MetricQueryAnswer,
} from '../../../../src/schema/metric-answers.ts';
import { query } from '../../lib/api.ts';
import { inUnit } from '../../lib/format.ts';
import { param, range, setParams } from '../../lib/location.ts';
import { timeText } from '../../lib/time-format.ts';
import { useQuery } from '../../lib/use-query.ts';
import { Empty, ViewOf } from '../../ui/states.tsx';
import { traceHref } from '../traces/trace-search.tsx';
import { MetricChart } from './metric-chart.tsx';

interface MetricPanelProps {
  name: string;
  info: MetricInfo | undefined;
}

const exemplarsShown = 12;
const distribution = ['p95', 'p50', 'p90', 'p99', 'avg', 'rate', 'count', 'sum', 'max', 'min'];

export function MetricPanel({ name, info }: MetricPanelProps) {
  const { fromMs, toMs } = range.value;
  const aggs = aggregationsOf(info);
  const agg = aggs.find((each) => each === param('agg')) ?? aggs[0] ?? 'avg';
  const groupBy = param('groupBy') ?? '';
  const answer = useQuery<MetricQueryAnswer>(
    query('/api/metrics/query', { name, agg, groupBy, from: fromMs, to: toMs, series: 20 }),
  );
  return (
    <section class="metric" aria-label={name}>
      <h2>{name}</h2>
      {info?.description && <p class="faint">{info.description}</p>}
      <div class="metric-tools">
        <Choice label="Show" name="agg" value={agg} options={aggs} />
        <Choice
          label="by"
          name="groupBy"
          value={groupBy}
          options={['', 'service', ...(info?.attributeKeys ?? [])]}
        />
      </div>
      <ViewOf answer={answer} what="The metric">
        {(data) =>
          data.series.length ? (
            <>
              <MetricChart data={data} agg={agg} />
              <Exemplars exemplars={data.exemplars} unit={info?.unit ?? ''} />
            </>
          ) : (
            <Empty title="This metric has no point in this time. A longer range may show some." />
          )
        }
      </ViewOf>
    </section>
  );
}

function aggregationsOf(info: MetricInfo | undefined): readonly string[] {
  if (info?.type === 'histogram' || info?.type === 'exponential_histogram') return distribution;
  if (info?.type === 'sum' && info.monotonic) return ['rate', 'sum', 'last', 'max'];
  if (info?.type === 'summary') return ['avg', 'rate', 'count', 'sum'];
  return ['avg', 'max', 'min', 'sum', 'last'];
}

interface ChoiceProps {
  label: string;
  name: string;
  value: string;
  options: readonly string[];
}

function Choice({ label, name, value, options }: ChoiceProps) {
  return (
    <label>
      {label}
      <select
        value={value}
        onChange={(event) => setParams({ [name]: event.currentTarget.value }, { replace: true })}
      >
        {options.map((option) => (
          <option value={option} key={option}>
            {option || 'nothing'}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The marks of the chart as links: what a pointer finds there, keys find here. */
function Exemplars({ exemplars, unit }: { exemplars: readonly ExemplarView[]; unit: string }) {
  if (!exemplars.length) return null;
  const largest = exemplars.toSorted((a, b) => b.value - a.value).slice(0, exemplarsShown);
  return (
    <section class="exemplars" aria-label="Exemplars">
      <h3>
        Exemplars <span class="faint">requests behind these points, the largest first</span>
      </h3>
      <ol>
        {largest.map((each) => (
          <li key={`${each.traceId} ${each.spanId} ${each.timeMs}`}>
            <a href={traceHref(each.traceId, each.spanId || undefined)}>
              <span class="sign-exemplar" aria-hidden="true">
                ◆
              </span>
              <strong>{inUnit(each.value, unit)}</strong>
              <span>{timeText(each.timeMs)}</span>
              <span class="faint clip">{Object.values(each.labels).join(' ')}</span>
              <code>{each.traceId.slice(0, 8)}</code>
            </a>
          </li>
        ))}
      </ol>
    </section>
  );
}
