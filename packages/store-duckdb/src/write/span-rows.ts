import type { SpanRecord } from '@spillway/otlp';
import type { ResourceView, ScopeView, SpanView } from '@spillway/store';
import { listFromJson, listToJson } from '@spillway/store/search';
import type { ResultRow } from '../read/parameters.ts';
import type { spanColumns } from '../schema.ts';
import { fromHex, fromHexOrNull, toHex64, toHex128 } from './hex.ts';
import type { RecordPlace } from './record-place.ts';
import type { Row } from './table-rows.ts';

export function spanRow(record: SpanRecord, place: RecordPlace): Row<typeof spanColumns> {
  return {
    ...place,
    trace_id: fromHex(record.traceId),
    span_id: fromHex(record.spanId),
    parent_span_id: fromHexOrNull(record.parentSpanId),
    service: record.resource.service,
    name: record.name,
    kind: record.kind,
    status_code: record.statusCode,
    start_ns: record.startTimeUnixNano,
    end_ns: record.endTimeUnixNano,
    flags: record.flags,
    attributes: listToJson(record.attributes),
    events: listToJson(
      record.events.map((event) => ({ ...event, timeUnixNano: String(event.timeUnixNano) })),
    ),
    links: listToJson(record.links),
    rare: rareText(record),
  };
}

interface RareFields {
  traceState: string;
  statusMessage: string;
  droppedAttributesCount: number;
  droppedEventsCount: number;
  droppedLinksCount: number;
}

const nothingRare: RareFields = {
  traceState: '',
  statusMessage: '',
  droppedAttributesCount: 0,
  droppedEventsCount: 0,
  droppedLinksCount: 0,
};

function rareText(record: SpanRecord): string | null {
  const { traceState, statusMessage } = record;
  const { droppedAttributesCount, droppedEventsCount, droppedLinksCount } = record;
  const dropped = droppedAttributesCount + droppedEventsCount + droppedLinksCount;
  if (dropped === 0 && traceState === '' && statusMessage === '') return null;
  const rare: RareFields = {
    traceState,
    statusMessage,
    droppedAttributesCount,
    droppedEventsCount,
    droppedLinksCount,
  };
  return JSON.stringify(rare);
}

export const spanSelect = `key, trace_id, span_id, parent_span_id, service, name, kind, status_code,
  start_ns, end_ns, flags, attributes, events, links, rare, resource, scope`;

export function spanView(row: ResultRow, resource: ResourceView, scope: ScopeView): SpanView {
  const startNs = row.start_ns as bigint;
  const endNs = row.end_ns as bigint;
  const rare = row.rare as string | null;
  return {
    traceId: toHex128(row.trace_id as bigint),
    spanId: toHex64(row.span_id as bigint),
    parentSpanId: toHex64(row.parent_span_id as bigint | null),
    flags: row.flags as number,
    service: row.service as string,
    name: row.name as string,
    kind: row.kind as number,
    startTimeUnixNano: String(startNs),
    durationNano: endNs > startNs ? Number(endNs - startNs) : 0,
    endTimeUnixNano: String(endNs),
    statusCode: row.status_code as number,
    attributes: listFromJson(row.attributes as string | null),
    events: listFromJson(row.events as string | null),
    links: listFromJson(row.links as string | null),
    ...(rare === null ? nothingRare : (JSON.parse(rare) as RareFields)),
    resource,
    scope,
  };
}
