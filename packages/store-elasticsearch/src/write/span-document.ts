import type { SpanRecord } from '@spillway/otlp';
import { shortened } from '../read/attribute-terms.ts';
import { micros, nanosLeft } from './nanoseconds.ts';
import { cutText } from './shared-parts.ts';
import type { SignalFields } from './signal-fields.ts';

const requestKinds = new Set([2, 5]);

export function spanFields(span: SpanRecord): SignalFields {
  const { startTimeUnixNano: start, endTimeUnixNano: end, parentSpanId } = span;
  const durationNano = end > start ? Number(end - start) : 0;
  const root = parentSpanId === '';
  return {
    index: () => ({
      trace_id: span.traceId,
      span_id: span.spanId,
      parent_span_id: root ? undefined : parentSpanId,
      name: shortened(span.name),
      kind: span.kind,
      status_code: span.statusCode,
      start_us: micros(start),
      start_ns: nanosLeft(start),
      end_us: micros(end),
      end_ns: nanosLeft(end),
      duration_ms: durationNano / 1e6,
      request: root || requestKinds.has(span.kind),
      root,
    }),
    exact: exactSpan(span, durationNano),
  };
}

/** The `SpanView` without resource and scope. */
function exactSpan(span: SpanRecord, durationNano: number) {
  const {
    signal: _,
    key,
    index,
    resource,
    scope,
    startTimeUnixNano,
    endTimeUnixNano,
    ...rest
  } = span;
  return {
    ...rest,
    service: cutText(resource.service),
    startTimeUnixNano: String(startTimeUnixNano),
    endTimeUnixNano: String(endTimeUnixNano),
    durationNano,
    events: span.events.map((event) => ({ ...event, timeUnixNano: String(event.timeUnixNano) })),
  };
}
