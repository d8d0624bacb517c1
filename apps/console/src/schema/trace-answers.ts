import { z } from 'zod';
import { cursor, fresh, ranged } from './fresh.ts';
import {
  attributesOf,
  resourceView,
  scopeView,
  spanId,
  timeUnixNano,
  traceId,
} from './telemetry.ts';

const durationNano = z.number().describe('Nanoseconds.');

export const traceSummary = z
  .object({
    traceId,
    rootService: z.string().describe('Of the root span, or of the earliest one that was found.'),
    rootOperation: z.string(),
    startTimeUnixNano: timeUnixNano,
    durationNano,
    spans: z.number(),
    errors: z.number().describe('Spans with the status error.'),
    services: z.array(z.string()),
  })
  .meta({ id: 'TraceSummary' });

const spanEvent = z.object({ timeUnixNano, name: z.string(), ...attributesOf });
const spanLink = z.object({
  traceId,
  spanId,
  traceState: z.string(),
  flags: z.number(),
  ...attributesOf,
});

export const spanView = z
  .object({
    traceId,
    spanId,
    parentSpanId: spanId,
    traceState: z.string(),
    flags: z.number(),
    service: z.string(),
    name: z.string(),
    kind: z.number().describe('SpanKind of OTLP, 0 to 5.'),
    startTimeUnixNano: timeUnixNano,
    durationNano,
    endTimeUnixNano: timeUnixNano,
    statusCode: z.number().describe('0 unset, 1 ok, 2 error.'),
    statusMessage: z.string(),
    ...attributesOf,
    events: z.array(spanEvent),
    droppedEventsCount: z.number(),
    links: z.array(spanLink),
    droppedLinksCount: z.number(),
    resource: resourceView,
    scope: scopeView,
  })
  .meta({ id: 'Span', description: 'A span as it was sent.' });

export const tracesAnswer = z.object({
  ...ranged,
  traces: z.array(traceSummary).describe('Newest first.'),
  cursor,
  ...fresh,
});

export const traceAnswer = z.object({
  traceId,
  spans: z.array(spanView).describe('By start time; at most 10,000.'),
  truncated: z.boolean().describe('There are more spans than one answer has room for.'),
  ...fresh,
});

export type TraceSummary = z.output<typeof traceSummary>;
export type SpanView = z.output<typeof spanView>;
export type TracesAnswer = z.output<typeof tracesAnswer>;
export type TraceAnswer = z.output<typeof traceAnswer>;
