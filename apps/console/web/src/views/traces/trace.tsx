import { useMemo } from 'preact/hooks';
import type { TraceAnswer } from '../../../../src/schema/trace-answers.ts';
import { many, nanoDuration } from '../../lib/format.ts';
import { href, param, range, setParams } from '../../lib/location.ts';
import { timeText } from '../../lib/time-format.ts';
import { buildTree, type TraceTree } from '../../lib/trace-tree.ts';
import { useQuery } from '../../lib/use-query.ts';
import { ServiceName } from '../../ui/service-name.tsx';
import { Empty, ViewOf } from '../../ui/states.tsx';
import { SpanDrawer } from './span-drawer.tsx';
import { Waterfall } from './waterfall.tsx';

export function TracePage({ id }: { id: string }) {
  const traceId = id.toLowerCase();
  const answer = useQuery<TraceAnswer>(`/api/traces/${traceId}`);
  if (answer.error?.status === 404) {
    return (
      <div class="page">
        <Empty title="This trace is not in the store.">
          <p>
            It may still be on its way (see how far behind the store is, above), or be older than
            the retention.
          </p>
          <button type="button" class="button" onClick={answer.retry}>
            Look again
          </button>
        </Empty>
      </div>
    );
  }
  return (
    <div class="page page-full">
      <ViewOf answer={answer} what="The trace">
        {(data) => <Trace data={data} />}
      </ViewOf>
    </div>
  );
}

function Trace({ data }: { data: TraceAnswer }) {
  const tree = useMemo(() => buildTree(data.spans), [data]);
  const selected = tree.byId.get(param('span') ?? '');
  const logsHref = logsHrefOf(data.traceId, tree);
  const close = (): void => setParams({ span: undefined });
  return (
    <>
      <TraceHead data={data} tree={tree} logsHref={logsHref()} />
      <div class={selected ? 'split with-drawer' : 'split'}>
        <Waterfall tree={tree} selected={selected} />
        {selected && (
          <SpanDrawer
            node={selected}
            tree={tree}
            logsHref={logsHref(selected.span.spanId)}
            onClose={close}
          />
        )}
      </div>
    </>
  );
}

interface TraceHeadProps {
  data: TraceAnswer;
  tree: TraceTree;
  logsHref: string;
}

function TraceHead({ data, tree, logsHref }: TraceHeadProps) {
  const { spans } = data;
  const root = tree.roots[0]?.span;
  const errors = spans.filter((span) => span.statusCode === 2).length;
  const services = [...new Set(spans.map((span) => span.service))];
  const missing = tree.roots.some((node) => node.orphan);
  return (
    <div class="page-head trace-head">
      <h1>
        {root && <ServiceName service={root.service} />} <span>{root?.name}</span>
      </h1>
      <p class="sub">
        <span>{timeText(Number(tree.startNano / 1_000_000n), { date: true, ms: true })}</span>
        <strong>{nanoDuration(tree.durationNano)}</strong>
        <span>{many(spans.length, 'span')}</span>
        <span>{many(services.length, 'service')}</span>
        {errors > 0 && <span class="tag tag-error">▲ {many(errors, 'error')}</span>}
        <a href={logsHref}>Logs of this trace</a>
        <code class="trace-id">{data.traceId}</code>
      </p>
      {(data.truncated || missing) && (
        <p class="notice">
          {data.truncated
            ? 'Only the first 10,000 spans are shown.'
            : 'Parts of this trace are missing: some spans name a parent that has not arrived.'}
        </p>
      )}
    </div>
  );
}

/** The range stays unless the trace lies outside it. */
function logsHrefOf(traceId: string, tree: TraceTree): (spanId?: string) => string {
  const startMs = Number(tree.startNano / 1_000_000n);
  const { fromMs, toMs } = range.value;
  const inside = startMs >= fromMs && startMs < toMs;
  const endMs = startMs + tree.durationNano / 1e6;
  const around = {
    from: new Date(startMs - 300_000).toISOString(),
    to: new Date(endMs + 300_000).toISOString(),
  };
  return (spanId) => href('/logs', { traceId, spanId, ...(inside ? {} : around) });
}
