/** What the query API must answer for what was sent: the sent fields, and the wire's defaults. */
import type { Signal } from '@spillway/otlp';
import type { LogView, PointView, ResourceView, SpanView } from '@spillway/store';
import { type Place, pointViews } from './expected-points.ts';
import {
  anyValue,
  attributesOf,
  hex,
  list,
  number,
  object,
  present,
  text,
  whole,
} from './message-fields.ts';
import { type Message, readRequest } from './official.ts';
import type { SentRequest } from './tap.ts';

export interface Expected {
  spans: SpanView[];
  logs: Omit<LogView, 'key'>[];
  points: Omit<PointView, 'key'>[];
}

export function expectedOf(requests: readonly SentRequest[]): Expected {
  const expected: Expected = { spans: [], logs: [], points: [] };
  for (const request of requests) {
    const message = readRequest(request);
    for (const place of recordsIn(request.signal, message)) {
      if (request.signal === 'traces') expected.spans.push(spanView(place));
      else if (request.signal === 'logs') expected.logs.push(logView(place));
      else expected.points.push(...pointViews(place));
    }
  }
  return expected;
}

const fieldsOf: Readonly<Record<Signal, readonly [string, string, string]>> = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
};

function* recordsIn(signal: Signal, message: Message): Generator<Place> {
  const [resources, scopes, records] = fieldsOf[signal];
  for (const under of list(message[resources])) {
    const resource = ownerView(under.resource, under.schemaUrl);
    const named = resource.attributes.find(({ key }) => key === 'service.name');
    const service = named?.value.stringValue || 'unknown_service';
    for (const inner of list(under[scopes])) {
      const scope = {
        ...ownerView(inner.scope, inner.schemaUrl),
        name: text(object(inner.scope).name),
        version: text(object(inner.scope).version),
      };
      for (const record of list(inner[records])) yield { record, service, resource, scope };
    }
  }
}

function ownerView(owner: unknown, schemaUrl: unknown): ResourceView {
  return { ...attributesOf(object(owner)), schemaUrl: text(schemaUrl) };
}

function spanView({ record, ...rest }: Place): SpanView {
  const status = object(record.status);
  const start = BigInt(text(record.startTimeUnixNano) || 0);
  const end = BigInt(text(record.endTimeUnixNano) || 0);
  return {
    ...rest,
    ...idsOf(record),
    parentSpanId: hex(record.parentSpanId),
    name: text(record.name),
    kind: number(record.kind),
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(end),
    durationNano: Math.max(0, Number(end - start)),
    ...attributesOf(record),
    events: list(record.events).map((event) => ({
      timeUnixNano: whole(event.timeUnixNano),
      name: text(event.name),
      ...attributesOf(event),
    })),
    droppedEventsCount: number(record.droppedEventsCount),
    links: list(record.links).map((link) => ({ ...idsOf(link), ...attributesOf(link) })),
    droppedLinksCount: number(record.droppedLinksCount),
    statusCode: number(status.code),
    statusMessage: text(status.message),
  };
}

function idsOf(message: Message) {
  return {
    traceId: hex(message.traceId),
    spanId: hex(message.spanId),
    traceState: text(message.traceState),
    flags: number(message.flags),
  };
}

function logView({ record, ...rest }: Place): Omit<LogView, 'key'> {
  return {
    ...rest,
    traceId: hex(record.traceId),
    spanId: hex(record.spanId),
    timeUnixNano: whole(record.timeUnixNano),
    observedTimeUnixNano: whole(record.observedTimeUnixNano),
    severityNumber: number(record.severityNumber),
    severityText: text(record.severityText),
    body: present(record.body) ? anyValue(record.body) : undefined,
    eventName: text(record.eventName),
    flags: number(record.flags),
    ...attributesOf(record),
  };
}
