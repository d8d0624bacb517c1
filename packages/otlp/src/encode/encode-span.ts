/** Source: `trace.proto`, `Span`. */

import type { SpanEvent, SpanLink, SpanRecord } from '../records.ts';
import type { Writer } from '../writer.ts';
import { writeAttributes, writeId } from './encode-common.ts';

export function writeSpan(writer: Writer, span: SpanRecord): void {
  writeId(writer, 1, span.traceId);
  writeId(writer, 2, span.spanId);
  writer.stringField(3, span.traceState);
  writeId(writer, 4, span.parentSpanId);
  writer.stringField(5, span.name);
  writer.int32Field(6, span.kind);
  writer.fixed64Field(7, span.startTimeUnixNano);
  writer.fixed64Field(8, span.endTimeUnixNano);
  writeAttributes(writer, 9, span.attributes);
  writer.uint32Field(10, span.droppedAttributesCount);
  for (const event of span.events) writeEvent(writer, event);
  writer.uint32Field(12, span.droppedEventsCount);
  for (const link of span.links) writeLink(writer, link);
  writer.uint32Field(14, span.droppedLinksCount);
  if (span.statusCode !== 0 || span.statusMessage !== '') {
    const mark = writer.open(15);
    writer.stringField(2, span.statusMessage);
    writer.int32Field(3, span.statusCode);
    writer.close(mark);
  }
  writer.fixed32Field(16, span.flags);
}

function writeEvent(writer: Writer, event: SpanEvent): void {
  const mark = writer.open(11);
  writer.fixed64Field(1, event.timeUnixNano);
  writer.stringField(2, event.name);
  writeAttributes(writer, 3, event.attributes);
  writer.uint32Field(4, event.droppedAttributesCount);
  writer.close(mark);
}

function writeLink(writer: Writer, link: SpanLink): void {
  const mark = writer.open(13);
  writeId(writer, 1, link.traceId);
  writeId(writer, 2, link.spanId);
  writer.stringField(3, link.traceState);
  writeAttributes(writer, 4, link.attributes);
  writer.uint32Field(5, link.droppedAttributesCount);
  writer.fixed32Field(6, link.flags);
  writer.close(mark);
}
