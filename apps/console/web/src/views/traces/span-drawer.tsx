import type { SpanView } from '../../../../src/schema/trace-answers.ts';
import { kindName, nanoDuration } from '../../lib/format.ts';
import { href } from '../../lib/location.ts';
import { nanoToMs, timeText } from '../../lib/time-format.ts';
import type { SpanNode, TraceTree } from '../../lib/trace-tree.ts';
import { Attributes } from '../../ui/attributes.tsx';
import { Drawer } from '../../ui/drawer.tsx';
import { ServiceName } from '../../ui/service-name.tsx';
import { traceHref } from './trace-search.tsx';

interface SpanDrawerProps {
  node: SpanNode;
  tree: TraceTree;
  logsHref: string;
  onClose: () => void;
}

const statusNames = ['unset', 'ok', 'error'];

export function SpanDrawer({ node, tree, logsHref, onClose }: SpanDrawerProps) {
  const { span } = node;
  const status = statusNames[span.statusCode] ?? `status ${span.statusCode}`;
  const findSame = (key: string, value: string): string =>
    href('/traces', { service: span.service, [`attr.${key}`]: value });
  return (
    <Drawer title={span.name || 'unnamed span'} label="Span" onClose={onClose}>
      <p class="facts">
        <ServiceName service={span.service} />
        <span>{nanoDuration(span.durationNano)}</span>
        <span class="faint">after {nanoDuration(node.offsetNano)}</span>
        {kindName(span.kind) && <span class="tag">{kindName(span.kind)}</span>}
        <span class={span.statusCode === 2 ? 'tag tag-error' : 'tag'}>
          {span.statusCode === 2 && '▲ '}
          {status}
        </span>
      </p>
      {span.statusMessage && <p class="status-message">{span.statusMessage}</p>}
      <p class="actions">
        <a class="button" href={logsHref}>
          Logs of this span
        </a>
        <a class="button" href={href('/traces', { service: span.service, operation: span.name })}>
          Traces like this
        </a>
      </p>
      <Attributes
        title="Attributes"
        attributes={span.attributes}
        dropped={span.droppedAttributesCount}
        filterHref={findSame}
      />
      <Events span={span} tree={tree} />
      <Links span={span} />
      <Attributes
        title="Resource"
        attributes={span.resource.attributes}
        dropped={span.resource.droppedAttributesCount}
        filterHref={findSame}
      />
      <Identity span={span} />
    </Drawer>
  );
}

function Events({ span, tree }: { span: SpanView; tree: TraceTree }) {
  if (!span.events.length && !span.droppedEventsCount) return null;
  return (
    <section class="attributes">
      <h3>Events</h3>
      {span.events.map((event, i) => {
        const after = Number(BigInt(event.timeUnixNano) - tree.startNano);
        return (
          <div class="event" key={`${i} ${event.timeUnixNano}`}>
            <p>
              <b>{event.name}</b> <span class="faint">after {nanoDuration(after)}</span>
            </p>
            <Attributes
              title=""
              attributes={event.attributes}
              dropped={event.droppedAttributesCount}
            />
          </div>
        );
      })}
      {span.droppedEventsCount > 0 && (
        <p class="hint">{span.droppedEventsCount} more were dropped by the sender</p>
      )}
    </section>
  );
}

function Links({ span }: { span: SpanView }) {
  if (!span.links.length && !span.droppedLinksCount) return null;
  return (
    <section class="attributes">
      <h3>Links</h3>
      {span.links.map((link, i) => (
        <div class="event" key={`${i} ${link.spanId}`}>
          <p>
            <a href={traceHref(link.traceId, link.spanId)}>
              trace {link.traceId.slice(0, 8)}… span {link.spanId}
            </a>
          </p>
          <Attributes title="" attributes={link.attributes} dropped={link.droppedAttributesCount} />
        </div>
      ))}
      {span.droppedLinksCount > 0 && (
        <p class="hint">{span.droppedLinksCount} more were dropped by the sender</p>
      )}
    </section>
  );
}

function Identity({ span }: { span: SpanView }) {
  const rows = [
    ['span id', span.spanId],
    ['parent span id', span.parentSpanId || 'none: a root'],
    ['starts', timeText(nanoToMs(span.startTimeUnixNano), { date: true, ms: true })],
    ['scope', [span.scope.name, span.scope.version].filter(Boolean).join(' ')],
    ['trace state', span.traceState],
  ] as const;
  const attributes = rows
    .filter(([, value]) => value)
    .map(([key, stringValue]) => ({ key, value: { stringValue } }));
  return <Attributes title="Identity" attributes={attributes} />;
}
