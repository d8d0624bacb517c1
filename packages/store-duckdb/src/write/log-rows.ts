import type { AnyValue, LogRecord } from '@spillway/otlp';
import type { LogView, ResourceView, ScopeView } from '@spillway/store';
import { listFromJson, listToJson, toJson, wordsOf } from '@spillway/store/search';
import type { ResultRow } from '../read/parameters.ts';
import type { logColumns } from '../schema.ts';
import { fromHexOrNull, toHex64, toHex128 } from './hex.ts';
import type { RecordPlace } from './record-place.ts';
import type { Row } from './table-rows.ts';

export function logRow(record: LogRecord, place: RecordPlace): Row<typeof logColumns> {
  return {
    ...place,
    time_ns: record.timeUnixNano,
    observed_ns: record.observedTimeUnixNano,
    severity_number: record.severityNumber,
    severity_text: record.severityText,
    body: record.body === undefined ? null : toJson(record.body),
    event_name: record.eventName,
    service: record.resource.service,
    trace_id: fromHexOrNull(record.traceId),
    span_id: fromHexOrNull(record.spanId),
    flags: record.flags,
    attributes: listToJson(record.attributes),
    dropped_attributes: record.droppedAttributesCount,
    words: wordsOf(record.body, record.attributes),
  };
}

export const logSelect = `key, time_ns, observed_ns, severity_number,
  severity_text, body, event_name, service, trace_id, span_id, flags, attributes,
  dropped_attributes, resource, scope`;

export function logView(row: ResultRow, resource: ResourceView, scope: ScopeView): LogView {
  const body = row.body as string | null;
  return {
    key: toHex128(row.key as bigint),
    timeUnixNano: String(row.time_ns),
    observedTimeUnixNano: String(row.observed_ns),
    severityNumber: row.severity_number as number,
    severityText: row.severity_text as string,
    body: body === null ? undefined : (JSON.parse(body) as AnyValue),
    eventName: row.event_name as string,
    service: row.service as string,
    traceId: toHex128(row.trace_id as bigint | null),
    spanId: toHex64(row.span_id as bigint | null),
    flags: row.flags as number,
    attributes: listFromJson(row.attributes as string | null),
    droppedAttributesCount: row.dropped_attributes as number,
    resource,
    scope,
  };
}
