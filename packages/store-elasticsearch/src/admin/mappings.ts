/**
 * Explicit mappings with OpenTelemetry's names. Nothing is mapped by what arrives (`dynamic: false`),
 * so no client can explode a mapping. `exact` is the record as the port answers it: kept, not
 * indexed. The other fields are for finding and counting, and may be shortened.
 */
import type { estypes } from '@elastic/elasticsearch';
import type { IndexKind } from '../names.ts';

type Properties = Record<string, estypes.MappingProperty>;

/** Raised whenever a mapping changes; an older process leaves a newer template alone. */
export const templateVersion = 1;

const keyword = { type: 'keyword' } as const;
const integer = { type: 'integer' } as const;
const long = { type: 'long' } as const;
const double = { type: 'double' } as const;
const filterOnly = { type: 'keyword', doc_values: false } as const;

const place: Properties = {
  '@timestamp': { type: 'date', format: 'epoch_millis' },
  tenant: keyword,
  /** Name of the message that stored the record. */
  message: filterOnly,
  /** Minute of acceptance. */
  minute: integer,
  position: long,
  /** Index of the record in its message. */
  record: integer,
  /** Begin of the key as a number: puts equal records in one order for every page. */
  tie: long,
  service: keyword,
  /** `key=value` of the record and of its resource. */
  attribute: filterOnly,
  exact: { type: 'object', enabled: false },
};

/** 64-bit ns do not survive JSON numbers: µs, and the ns that are left. */
const start: Properties = { start_us: long, start_ns: { type: 'short' } };
const time: Properties = { time_us: long, time_ns: { type: 'short' } };

const properties: Readonly<Record<IndexKind, Properties>> = {
  traces: {
    ...place,
    ...start,
    trace_id: keyword,
    span_id: keyword,
    parent_span_id: keyword,
    name: keyword,
    kind: integer,
    status_code: integer,
    end_us: long,
    end_ns: { type: 'short' },
    duration_ms: double,
    /** A server or consumer span, or a root. */
    request: { type: 'boolean' },
    root: { type: 'boolean' },
  },
  logs: {
    ...place,
    ...time,
    trace_id: filterOnly,
    span_id: filterOnly,
    severity_number: integer,
    /** Words of the body and of attribute values. */
    words: { type: 'text', norms: false },
  },
  metrics: {
    ...place,
    ...start,
    ...time,
    series: keyword,
    name: keyword,
    description: keyword,
    unit: keyword,
    type: keyword,
    temporality: integer,
    monotonic: { type: 'boolean' },
    attribute_key: keyword,
    /** False for a point that says that there is no value. */
    recorded: { type: 'boolean' },
    has_exemplar: { type: 'boolean' },
    value: double,
    count: double,
    sum: double,
    min: double,
    max: double,
  },
  account: {
    entry: keyword,
    tenant: keyword,
    signal: keyword,
    minute: integer,
    /** In which messages were applied. */
    order: long,
    retired: long,
    /** The index that was counted. */
    source: keyword,
    applied: { type: 'object', enabled: false },
    rejected: { type: 'object', enabled: false },
  },
};

export interface TemplateSettings {
  shards: number;
  replicas: number;
  refreshIntervalMs: number;
}

export function templateOf(kind: IndexKind, settings: TemplateSettings) {
  return {
    settings: {
      number_of_shards: settings.shards,
      number_of_replicas: settings.replicas,
      refresh_interval: `${settings.refreshIntervalMs}ms`,
      // The default said aloud: an answer means synced to disk.
      'translog.durability': 'request',
    } as estypes.IndicesIndexSettings,
    mappings: { dynamic: false, properties: properties[kind] } as estypes.MappingTypeMapping,
  };
}
