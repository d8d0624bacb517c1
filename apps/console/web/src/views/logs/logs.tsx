import { useRef } from 'preact/hooks';
import type { LogsAnswer, LogView } from '../../../../src/schema/log-answers.ts';
import type { ServicesAnswer } from '../../../../src/schema/service-answers.ts';
import { query } from '../../lib/api.ts';
import { attributesOf, parseAttributes, showAttributes } from '../../lib/attribute-filter.ts';
import { bands, many } from '../../lib/format.ts';
import { hereWith, param, place, range, setParams } from '../../lib/location.ts';
import { usePages, useQuery } from '../../lib/use-query.ts';
import { Empty, SendFirst, ViewOf } from '../../ui/states.tsx';
import { useListKeys } from '../../ui/use-list-keys.ts';
import { VirtualRows } from '../../ui/virtual-rows.tsx';
import { traceHref } from '../traces/trace-search.tsx';
import { LogDrawer } from './log-drawer.tsx';
import { LogHistogram } from './log-histogram.tsx';
import { LogRow } from './log-row.tsx';

const pageSize = 200;
const rowHeight = 26;
const takeLogs = (page: LogsAnswer): LogView[] => page.logs;

export function LogsPage() {
  const filters = {
    query: param('query'),
    traceId: param('traceId'),
    spanId: param('spanId'),
    service: param('service'),
    severity: param('severity'),
    ...attributesOf(place.value.params),
  };
  const { fromMs, toMs } = range.value;
  const common = { ...filters, from: fromMs, to: toMs };
  const url = query('/api/logs', { ...common, limit: pageSize });
  const pages = usePages<LogsAnswer, LogView>(url, takeLogs);
  const filtered = Object.values(filters).some((value) => value !== undefined);
  return (
    <div class="page page-full">
      <div class="page-head">
        <h1>Logs</h1>
        <Chips />
      </div>
      <SearchForm />
      <LogHistogram url={query('/api/logs/histogram', common)} />
      <ViewOf answer={pages} what="The logs">
        {(logs) =>
          logs.length ? (
            <LogList logs={logs} more={pages.more} />
          ) : filtered ? (
            <Empty title="No log matches. Fewer filters or a longer range may show some." />
          ) : (
            <Empty title="No log arrived in this time.">
              <SendFirst signal="logs" />
            </Empty>
          )
        }
      </ViewOf>
    </div>
  );
}

interface LogListProps {
  logs: readonly LogView[];
  more: (() => void) | undefined;
}

function LogList({ logs, more }: LogListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const selectedKey = param('log');
  const selected = logs.find((log) => log.key === selectedKey);
  const select = (index: number): void => {
    setParams({ log: logs[index]?.key }, { replace: selected !== undefined });
  };
  const { active, setActive } = useListKeys(logs.length, select);
  return (
    <>
      <div class={selected ? 'split with-drawer' : 'split'}>
        <section
          class="logs"
          ref={scroller}
          aria-label="Logs, newest first"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it
          tabIndex={0}
        >
          <VirtualRows
            count={logs.length}
            rowHeight={rowHeight}
            list
            active={active}
            scroller={scroller}
            onNearEnd={more}
            row={(i) => (
              <LogRow
                key={logs[i]?.key}
                log={logs[i] as LogView}
                active={i === active}
                selected={logs[i] === selected}
                onSelect={() => {
                  setActive(i);
                  select(i);
                }}
              />
            )}
          />
        </section>
        {selected && <LogDrawer log={selected} onClose={() => setParams({ log: undefined })} />}
      </div>
      <div class="list-end faint">
        {many(logs.length, 'log record')}
        {more ? ', newest first; older ones come as you scroll' : ', newest first'}
      </div>
    </>
  );
}

/** What the view is narrowed to beyond the form's fields. */
function Chips() {
  const traceId = param('traceId');
  if (!traceId) return null;
  const spanId = param('spanId');
  return (
    <p class="sub">
      <span class="chip">
        of trace <a href={traceHref(traceId, spanId)}>{traceId.slice(0, 8)}…</a>
        <a class="chip-close" href={hereWith({ traceId: undefined, spanId: undefined })}>
          <span aria-hidden="true">×</span>
          <span class="visually-hidden">Logs of all traces</span>
        </a>
      </span>
      {spanId && (
        <span class="chip">
          of span {spanId}
          <a class="chip-close" href={hereWith({ spanId: undefined })}>
            <span aria-hidden="true">×</span>
            <span class="visually-hidden">Logs of the whole trace</span>
          </a>
        </span>
      )}
      <a href={traceHref(traceId, spanId)}>Back to the trace</a>
    </p>
  );
}

function SearchForm() {
  const { fromMs, toMs } = range.value;
  const services = useQuery<ServicesAnswer>(query('/api/services', { from: fromMs, to: toMs }));
  const { params } = place.value;
  const key = ['query', 'service', 'severity'].map(param).join() + showAttributes(params);
  return (
    <form class="search" onSubmit={search} key={key}>
      <label class="grow">
        Words
        <input name="query" defaultValue={param('query') ?? ''} data-search spellcheck={false} />
      </label>
      <label>
        Service
        <input name="service" list="services" defaultValue={param('service') ?? ''} />
      </label>
      <datalist id="services">
        {services.data?.services.map((each) => (
          <option value={each.service} key={each.service} />
        ))}
      </datalist>
      <label class="narrow">
        Severity
        <select name="severity">
          <option value="">any</option>
          {bands.map((band) => (
            <option value={band} key={band} selected={param('severity') === band}>
              {band} and above
            </option>
          ))}
        </select>
      </label>
      <label class="grow">
        Attributes
        <input
          name="attributes"
          placeholder="order.id=o-7"
          defaultValue={showAttributes(params)}
          spellcheck={false}
        />
      </label>
      <button type="submit" class="button primary">
        Search
      </button>
    </form>
  );
}

function search(event: Event): void {
  event.preventDefault();
  const form = new FormData(event.currentTarget as HTMLFormElement);
  const text = (name: string): string => String(form.get(name) ?? '').trim();
  const old = Object.keys(attributesOf(place.value.params)).map((key) => [key, undefined]);
  setParams({
    ...Object.fromEntries(old),
    query: text('query'),
    service: text('service'),
    severity: text('severity'),
    ...parseAttributes(text('attributes')),
    log: undefined,
  });
}
