/** Source: `trace.proto`, `Span`. */

import { tagOf } from '../layout.ts';
import { type Reader, wireFixed32, wireFixed64, wireVarint } from '../reader.ts';
import type { KeyValue, SpanEvent, SpanLink, SpanRecord } from '../records.ts';
import {
  optionalSpanId,
  optionalTraceId,
  readKeyValue,
  requiredSpanId,
  requiredTraceId,
} from './decode-common.ts';

type Base = Pick<SpanRecord, 'key' | 'index' | 'resource' | 'scope'>;

const traceId = tagOf(1);
const spanId = tagOf(2);
const traceState = tagOf(3);
const parentSpanId = tagOf(4);
const name = tagOf(5);
const kind = tagOf(6, wireVarint);
const startTime = tagOf(7, wireFixed64);
const endTime = tagOf(8, wireFixed64);
const attributes = tagOf(9);
const droppedAttributes = tagOf(10, wireVarint);
const events = tagOf(11);
const droppedEvents = tagOf(12, wireVarint);
const links = tagOf(13);
const droppedLinks = tagOf(14, wireVarint);
const status = tagOf(15);
const flags = tagOf(16, wireFixed32);

/** Reads fields until the limit. Throws when the span is broken. */
export function readSpan(reader: Reader, base: Base): SpanRecord {
  const span = emptySpan(base);
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case traceId:
        span.traceId = reader.hex();
        break;
      case spanId:
        span.spanId = reader.hex();
        break;
      case traceState:
        span.traceState = reader.string();
        break;
      case parentSpanId:
        span.parentSpanId = reader.hex();
        break;
      case name:
        span.name = reader.string();
        break;
      case kind:
        span.kind = reader.int32();
        break;
      case startTime:
        span.startTimeUnixNano = reader.fixed64();
        break;
      case endTime:
        span.endTimeUnixNano = reader.fixed64();
        break;
      case attributes:
        span.attributes.push(readKeyValue(reader));
        break;
      case events:
        span.events.push(readEvent(reader));
        break;
      case links:
        span.links.push(readLink(reader));
        break;
      case status:
        readStatus(reader, span);
        break;
      default:
        readCount(reader, tag, span);
    }
  }
  span.traceId = requiredTraceId(span.traceId);
  span.spanId = requiredSpanId(span.spanId);
  span.parentSpanId = optionalSpanId(span.parentSpanId, 'parent_span_id');
  span.links.forEach(checkLink);
  return span;
}

function emptySpan(base: Base): SpanRecord {
  return {
    signal: 'traces',
    key: base.key,
    index: base.index,
    resource: base.resource,
    scope: base.scope,
    traceId: '',
    spanId: '',
    parentSpanId: '',
    traceState: '',
    flags: 0,
    name: '',
    kind: 0,
    startTimeUnixNano: 0n,
    endTimeUnixNano: 0n,
    attributes: [],
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    statusCode: 0,
    statusMessage: '',
  };
}

function readCount(reader: Reader, tag: number, span: SpanRecord): void {
  if (tag === flags) span.flags = reader.fixed32();
  else if (tag === droppedAttributes) span.droppedAttributesCount = reader.uint32();
  else if (tag === droppedEvents) span.droppedEventsCount = reader.uint32();
  else if (tag === droppedLinks) span.droppedLinksCount = reader.uint32();
  else reader.skip(tag);
}

function readStatus(reader: Reader, span: SpanRecord): void {
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === tagOf(2)) span.statusMessage = reader.string();
    else if (tag === tagOf(3, wireVarint)) span.statusCode = reader.int32();
    else reader.skip(tag);
  }
  reader.leave(outer);
}

function readEvent(reader: Reader): SpanEvent {
  reader.value();
  const outer = reader.enter();
  const attributes: KeyValue[] = [];
  const event: SpanEvent = { timeUnixNano: 0n, name: '', attributes, droppedAttributesCount: 0 };
  while (reader.more) {
    const tag = reader.tag();
    if (tag === tagOf(1, wireFixed64)) event.timeUnixNano = reader.fixed64();
    else if (tag === tagOf(2)) event.name = reader.string();
    else if (tag === tagOf(3)) attributes.push(readKeyValue(reader));
    else if (tag === tagOf(4, wireVarint)) event.droppedAttributesCount = reader.uint32();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return event;
}

function readLink(reader: Reader): SpanLink {
  reader.value();
  const outer = reader.enter();
  const link: SpanLink = {
    traceId: '',
    spanId: '',
    traceState: '',
    flags: 0,
    attributes: [],
    droppedAttributesCount: 0,
  };
  while (reader.more) {
    const tag = reader.tag();
    if (tag === tagOf(1)) link.traceId = reader.hex();
    else if (tag === tagOf(2)) link.spanId = reader.hex();
    else if (tag === tagOf(3)) link.traceState = reader.string();
    else if (tag === tagOf(4)) link.attributes.push(readKeyValue(reader));
    else if (tag === tagOf(5, wireVarint)) link.droppedAttributesCount = reader.uint32();
    else if (tag === tagOf(6, wireFixed32)) link.flags = reader.fixed32();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return link;
}

function checkLink(link: SpanLink, index: number): void {
  link.traceId = optionalTraceId(link.traceId, `links[${index}].trace_id`);
  link.spanId = optionalSpanId(link.spanId, `links[${index}].span_id`);
}
