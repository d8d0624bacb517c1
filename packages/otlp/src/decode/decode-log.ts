/** Source: `logs.proto`, `LogRecord`. */

import { tagOf } from '../layout.ts';
import { type Reader, wireFixed32, wireFixed64, wireVarint } from '../reader.ts';
import type { LogRecord } from '../records.ts';
import { optionalSpanId, optionalTraceId, readAnyValue, readKeyValue } from './decode-common.ts';

const time = tagOf(1, wireFixed64);
const severityNumber = tagOf(2, wireVarint);
const severityText = tagOf(3);
const body = tagOf(5);
const attributes = tagOf(6);
const droppedAttributes = tagOf(7, wireVarint);
const flags = tagOf(8, wireFixed32);
const traceId = tagOf(9);
const spanId = tagOf(10);
const observedTime = tagOf(11, wireFixed64);
const eventName = tagOf(12);

type Base = Pick<LogRecord, 'key' | 'index' | 'resource' | 'scope'>;

/** Reads fields until the limit. Throws when the log record is broken. */
export function readLogRecord(reader: Reader, base: Base): LogRecord {
  const log = emptyLogRecord(base);
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case time:
        log.timeUnixNano = reader.fixed64();
        break;
      case observedTime:
        log.observedTimeUnixNano = reader.fixed64();
        break;
      case severityNumber:
        log.severityNumber = reader.int32();
        break;
      case severityText:
        log.severityText = reader.string();
        break;
      case body:
        log.body = readAnyValue(reader, log.body);
        break;
      case attributes:
        log.attributes.push(readKeyValue(reader));
        break;
      case droppedAttributes:
        log.droppedAttributesCount = reader.uint32();
        break;
      case flags:
        log.flags = reader.fixed32();
        break;
      case traceId:
        log.traceId = reader.hex();
        break;
      case spanId:
        log.spanId = reader.hex();
        break;
      case eventName:
        log.eventName = reader.string();
        break;
      default:
        reader.skip(tag);
    }
  }
  log.traceId = optionalTraceId(log.traceId, 'trace_id');
  log.spanId = optionalSpanId(log.spanId, 'span_id');
  return log;
}

function emptyLogRecord(base: Base): LogRecord {
  return {
    signal: 'logs',
    key: base.key,
    index: base.index,
    resource: base.resource,
    scope: base.scope,
    timeUnixNano: 0n,
    observedTimeUnixNano: 0n,
    severityNumber: 0,
    severityText: '',
    body: undefined,
    attributes: [],
    droppedAttributesCount: 0,
    flags: 0,
    traceId: '',
    spanId: '',
    eventName: '',
  };
}
