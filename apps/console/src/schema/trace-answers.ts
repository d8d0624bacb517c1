import { z } from 'zod';
import { cursor, fresh, ranged } from './fresh.ts';
import {
  attributesOf,
  resourceView,
  scopeView,
  serviceName,
  spanId,
  timeUnixNano,
  traceId,
} from './telemetry.ts';

const durationNano = z.number().describe('Nanoseconds from start to end.');

/** The schema of a trace in a list. */
const traceSummary = z
  .object({
    traceId,
    rootService: z
      .string()
      .describe('Service of the root span, or of the earliest span when the root is missing.'),
    rootOperation: z.string().describe('Name of that span.'),
    startTimeUnixNano: timeUnixNano,
    durationNano,
    spans: z.number().describe('Spans that are stored.'),
    errors: z.number().describe('Spans with the status error.'),
    services: z.array(z.string()).describe('Services with a span in the trace, at most 100.'),
  })
  .meta({ id: 'TraceSummary', description: 'A trace in a list.' });

const spanEvent = z.object({
  timeUnixNano,
  name: z.string().describe('Name of the event.'),
  ...attributesOf,
});
const spanLink = z.object({
  traceId,
  spanId,
  traceState: z.string().describe('`tracestate` of W3C Trace Context.'),
  flags: z.number().describe('Trace flags of W3C in the lowest 8 bits.'),
  ...attributesOf,
});

/** The schema of a span. */
const spanView = z
  .object({
    traceId,
    spanId,
    parentSpanId: spanId,
    traceState: z.string().describe('`tracestate` of W3C Trace Context.'),
    flags: z.number().describe('Trace flags of W3C in the lowest 8 bits.'),
    service: serviceName,
    name: z.string().describe('Name of the operation.'),
    kind: z.number().describe('SpanKind of OTLP, 0 to 5.'),
    startTimeUnixNano: timeUnixNano,
    durationNano,
    endTimeUnixNano: timeUnixNano,
    statusCode: z.number().describe('0 unset, 1 ok, 2 error.'),
    statusMessage: z.string().describe('What the sender says of an error.'),
    ...attributesOf,
    events: z.array(spanEvent).describe('What happened during the span, with its time.'),
    droppedEventsCount: z.number().describe('Events that the sender dropped.'),
    links: z.array(spanLink).describe('Spans of this or other traces that it is related to.'),
    droppedLinksCount: z.number().describe('Links that the sender dropped.'),
    resource: resourceView,
    scope: scopeView,
  })
  .meta({ id: 'Span', description: 'A span as it was sent.' });

/** The schema of a page of traces. */
export const tracesAnswer = z.object({
  ...ranged,
  traces: z.array(traceSummary).describe('Traces, newest first.'),
  cursor,
  ...fresh,
});

/** The schema of a trace with its spans. */
export const traceAnswer = z.object({
  traceId,
  spans: z.array(spanView).describe('Spans by start time; at most 10,000.'),
  truncated: z.boolean().describe('There are more spans than one answer has room for.'),
  ...fresh,
});

/** A trace in a list. */
export type TraceSummary = z.output<typeof traceSummary>;
/** A span as it was sent. */
export type SpanView = z.output<typeof spanView>;
/** A page of traces. */
export type TracesAnswer = z.output<typeof tracesAnswer>;
/** A trace with its spans. */
export type TraceAnswer = z.output<typeof traceAnswer>;
