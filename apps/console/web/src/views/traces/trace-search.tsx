import { useMemo, useState } from 'preact/hooks';
import type { TraceSummary, TracesAnswer } from '../../../../src/schema/trace-answers.ts';
import { query } from '../../lib/api.ts';
import { serviceColour, token } from '../../lib/colour.ts';
import { count, duration, many, nanoDuration } from '../../lib/format.ts';
import { go, href, param, range } from '../../lib/location.ts';
import { dark } from '../../lib/settings.ts';
import { nanoToMs, timeText } from '../../lib/time-format.ts';
import { usePages } from '../../lib/use-query.ts';
import { Chart } from '../../ui/chart.tsx';
import { timeChart, tipText, tipTime } from '../../ui/chart-style.ts';
import { ServiceName } from '../../ui/service-name.tsx';
import { Empty, SendFirst, ViewOf } from '../../ui/states.tsx';
import { useListKeys } from '../../ui/use-list-keys.ts';

type Filters = Readonly<Record<string, string | undefined>>;

const pageSize = 500;
const rowsShown = 100;
const takeTraces = (page: TracesAnswer): TraceSummary[] => page.traces;

/** Duration over time, and below it the traces themselves. */
export function TraceSearch({ filters }: { filters: Filters }) {
  const { fromMs, toMs } = range.value;
  const url = query('/api/traces', { ...filters, from: fromMs, to: toMs, limit: pageSize });
  const pages = usePages<TracesAnswer, TraceSummary>(url, takeTraces);
  const [more, setMore] = useState({ of: url, rows: rowsShown });
  const shown = more.of === url ? more.rows : rowsShown;
  const showMore = (): void => {
    setMore({ of: url, rows: shown + rowsShown });
    if (shown + rowsShown > (pages.data?.length ?? 0)) pages.more?.();
  };
  const filtered = Object.values(filters).some((value) => value !== undefined && value !== '');
  return (
    <ViewOf answer={pages} what="The traces">
      {(traces) =>
        traces.length ? (
          <>
            <Durations
              traces={traces}
              partial={pages.more !== undefined}
              fromMs={pages.first?.fromMs ?? 0}
              toMs={pages.first?.toMs ?? 0}
            />
            <TraceList traces={traces.slice(0, shown)} />
            <div class="list-end">
              <span class="faint">
                {count(Math.min(shown, traces.length))} of {many(traces.length, 'trace')}
                {pages.more ? ' read so far, newest first' : ', newest first'}
              </span>
              {(shown < traces.length || pages.more) && (
                <button type="button" class="button" onClick={showMore}>
                  Older ones
                </button>
              )}
            </div>
          </>
        ) : filtered ? (
          <Empty title="No trace matches. Fewer filters or a longer range may show some." />
        ) : (
          <Empty title="No trace arrived in this time.">
            <SendFirst signal="traces" />
          </Empty>
        )
      }
    </ViewOf>
  );
}

interface DurationsProps {
  partial: boolean;
  traces: readonly TraceSummary[];
  fromMs: number;
  toMs: number;
}

function Durations({ traces, partial, fromMs, toMs }: DurationsProps) {
  const theme = dark.value;
  const option = useMemo(() => scatter({ traces, fromMs, toMs }), [traces, fromMs, toMs, theme]);
  const failed = traces.filter((trace) => trace.errors > 0).length;
  const longest = traces.reduce((most, trace) => Math.max(most, trace.durationNano), 0);
  return (
    <figure class="panel">
      <figcaption>
        <span>Duration over time{partial && `, the newest ${count(traces.length)}`}</span>
        <span class="legend">
          <span class="sign-dot" aria-hidden="true" /> no error
          <span class="sign-error" aria-hidden="true">
            ▲
          </span>
          error
        </span>
      </figcaption>
      <Chart
        option={option}
        height={150}
        label={`Duration of ${many(traces.length, 'trace')} over time, ${failed} with errors, the longest ${nanoDuration(longest)}`}
        onClick={(data) => {
          const { traceId } = data as { traceId?: string };
          if (traceId) go(traceHref(traceId));
        }}
      />
    </figure>
  );
}

/** Draws each trace at its start and duration, those with errors by another sign. */
function scatter({ traces, fromMs, toMs }: Omit<DurationsProps, 'partial'>) {
  const points = (failed: boolean) =>
    traces
      .filter((trace) => trace.errors > 0 === failed)
      .map((trace) => ({
        value: [nanoToMs(trace.startTimeUnixNano), Math.max(trace.durationNano / 1e6, 0.001)],
        traceId: trace.traceId,
        name: `${trace.rootService} ${trace.rootOperation}`,
      }));
  const base = timeChart({ fromMs, toMs, format: duration, logarithmic: true });
  return {
    ...base,
    tooltip: { ...base.tooltip, trigger: 'item', formatter: tip },
    series: [
      {
        type: 'scatter',
        name: 'no error',
        symbolSize: 7,
        itemStyle: { color: token('accent'), opacity: 0.55 },
        data: points(false),
      },
      {
        type: 'scatter',
        name: 'error',
        symbol: 'triangle',
        symbolSize: 10,
        itemStyle: { color: token('error') },
        data: points(true),
      },
    ],
  };
}

function tip(point: unknown): string {
  const { data } = point as { data: { value: [number, number]; name: string } };
  const [atMs, ms] = data.value;
  return `${duration(ms)}\n${tipText(data.name)}\n${tipTime(atMs)}`;
}

export function traceHref(traceId: string, spanId?: string): string {
  return href(`/trace/${traceId}`, { span: spanId });
}

function TraceList({ traces }: { traces: readonly TraceSummary[] }) {
  const { active } = useListKeys(traces.length, (i) => go(traceHref(traces[i]?.traceId ?? '')));
  const longest = traces.reduce((most, trace) => Math.max(most, trace.durationNano), 1);
  const service = param('service');
  return (
    <ol class="traces">
      {traces.map((trace, i) => (
        <li key={trace.traceId} class={i === active ? 'active' : ''}>
          <a href={traceHref(trace.traceId)}>
            <span class="trace-name">
              <ServiceName service={trace.rootService} />
              <span class="trace-operation">{trace.rootOperation}</span>
            </span>
            <span class="trace-errors">
              {trace.errors > 0 && (
                <span class="tag tag-error">▲ {many(trace.errors, 'error')}</span>
              )}
            </span>
            <span class="trace-services" title={trace.services.join(', ')}>
              {trace.services.slice(0, 8).map((name) => (
                <span
                  class={name === service ? 'dot wanted' : 'dot'}
                  style={{ background: serviceColour(name) }}
                  key={name}
                />
              ))}
              <span class="visually-hidden">in {trace.services.join(', ')}</span>
            </span>
            <span class="trace-spans faint">{count(trace.spans)} spans</span>
            <span class="trace-bar" aria-hidden="true">
              <span
                style={{
                  width: `${Math.max(1, (trace.durationNano / longest) * 100)}%`,
                  background: serviceColour(trace.rootService),
                }}
              />
            </span>
            <span class="trace-duration">{nanoDuration(trace.durationNano)}</span>
            <span class="trace-time faint">{timeText(nanoToMs(trace.startTimeUnixNano))}</span>
          </a>
        </li>
      ))}
    </ol>
  );
}
