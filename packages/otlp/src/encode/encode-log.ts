/** Source: `logs.proto`, `LogRecord`. */

import type { LogRecord } from '../records.ts';
import type { Writer } from '../writer.ts';
import { writeAnyValue, writeAttributes, writeId } from './encode-common.ts';

export function writeLogRecord(writer: Writer, log: LogRecord): void {
  writer.fixed64Field(1, log.timeUnixNano);
  writer.int32Field(2, log.severityNumber);
  writer.stringField(3, log.severityText);
  if (log.body !== undefined) writeAnyValue(writer, 5, log.body);
  writeAttributes(writer, 6, log.attributes);
  writer.uint32Field(7, log.droppedAttributesCount);
  writer.fixed32Field(8, log.flags);
  writeId(writer, 9, log.traceId);
  writeId(writer, 10, log.spanId);
  writer.fixed64Field(11, log.observedTimeUnixNano);
  writer.stringField(12, log.eventName);
}
