/** The records that a message holds, from what the independent library read of it. */
import type { AnyValue, KeyValue, Signal } from '@spillway/otlp';
import { requestType } from './official.ts';

// biome-ignore lint/suspicious/noExplicitAny: reflection has no types.
type Any = any;

/** Records without what depends on bytes: key, hashes, series key. */
export function expectedRecords(signal: Signal, bytes: Uint8Array): unknown[] {
  const type = requestType[signal];
  const options = { longs: String, bytes: String, enums: Number, defaults: true, arrays: true };
  const request: Any = type.toObject(type.decode(bytes), options);
  const records: unknown[] = [];
  const lists = { traces: 'Spans', metrics: 'Metrics', logs: 'Logs' } as const;
  const recordLists = { traces: 'spans', metrics: 'metrics', logs: 'logRecords' } as const;
  const name = lists[signal];
  for (const inResource of request[`resource${name}`]) {
    const resource = resourceOf(inResource);
    for (const inScope of inResource[`scope${name}`]) {
      const around = { resource, scope: scopeOf(inScope) };
      for (const record of inScope[recordLists[signal]]) {
        if (signal === 'traces') records.push({ signal, ...around, ...span(record) });
        else if (signal === 'logs') records.push({ signal, ...around, ...log(record) });
        else for (const point of points(record)) records.push({ signal, ...around, ...point });
      }
    }
  }
  return records.map((record, index) => Object.assign(record as object, { index }));
}

/** A decoded record in the same form. */
export function withoutHashes(record: Any): unknown {
  const { key: _key, seriesKey: _series, resource, scope, ...rest } = record;
  return { ...rest, resource: { ...resource, hash: '' }, scope: { ...scope, hash: '' } };
}

function resourceOf({ resource, schemaUrl }: Any): object {
  const attributes = keyValues(resource?.attributes);
  const name = attributes.find(({ key }) => key === 'service.name')?.value.stringValue;
  const dropped = resource?.droppedAttributesCount ?? 0;
  const service = name || 'unknown_service';
  return { hash: '', service, attributes, droppedAttributesCount: dropped, schemaUrl };
}

function scopeOf({ scope, schemaUrl }: Any): object {
  return {
    hash: '',
    name: scope?.name ?? '',
    version: scope?.version ?? '',
    attributes: keyValues(scope?.attributes),
    droppedAttributesCount: scope?.droppedAttributesCount ?? 0,
    schemaUrl,
  };
}

function span(span: Any): object {
  const { status, startTimeUnixNano, endTimeUnixNano, ...rest } = span;
  return {
    ...rest,
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    startTimeUnixNano: BigInt(startTimeUnixNano),
    endTimeUnixNano: BigInt(endTimeUnixNano),
    attributes: keyValues(span.attributes),
    events: span.events.map((event: Any) => ({
      ...event,
      timeUnixNano: BigInt(event.timeUnixNano),
      attributes: keyValues(event.attributes),
    })),
    links: span.links.map((link: Any) => ({
      ...link,
      traceId: hex(link.traceId),
      spanId: hex(link.spanId),
      attributes: keyValues(link.attributes),
    })),
    statusCode: status?.code ?? 0,
    statusMessage: status?.message ?? '',
  };
}

function log(log: Any): object {
  return {
    ...log,
    timeUnixNano: BigInt(log.timeUnixNano),
    observedTimeUnixNano: BigInt(log.observedTimeUnixNano),
    body: log.body ? anyValue(log.body) : undefined,
    attributes: keyValues(log.attributes),
    traceId: hex(log.traceId),
    spanId: hex(log.spanId),
  };
}

function points(metric: Any): object[] {
  const types = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'];
  const name = types.find((type) => metric[type]);
  if (name === undefined) return [];
  const data = metric[name];
  const head = {
    name: metric.name,
    description: metric.description,
    unit: metric.unit,
    type: name === 'exponentialHistogram' ? 'exponential_histogram' : name,
    temporality: data.aggregationTemporality ?? 0,
    monotonic: data.isMonotonic ?? false,
    metadata: keyValues(metric.metadata),
  };
  return data.dataPoints.map((point: Any) => ({ metric: head, ...pointOf(point) }));
}

function pointOf(point: Any): object {
  const big = (value: Any) => (value === undefined ? undefined : BigInt(value));
  return {
    attributes: keyValues(point.attributes),
    startTimeUnixNano: BigInt(point.startTimeUnixNano),
    timeUnixNano: BigInt(point.timeUnixNano),
    flags: point.flags,
    value: number(point),
    count: big(point.count),
    sum: point.sum,
    min: point.min,
    max: point.max,
    bucketCounts: point.bucketCounts?.map(BigInt),
    explicitBounds: point.explicitBounds,
    scale: point.scale,
    zeroCount: big(point.zeroCount),
    zeroThreshold: point.zeroThreshold,
    positive: buckets(point.positive),
    negative: buckets(point.negative),
    quantiles: point.quantileValues,
    exemplars: (point.exemplars ?? []).map((exemplar: Any) => ({
      timeUnixNano: BigInt(exemplar.timeUnixNano),
      value: number(exemplar),
      spanId: hex(exemplar.spanId),
      traceId: hex(exemplar.traceId),
      filteredAttributes: keyValues(exemplar.filteredAttributes),
    })),
  };
}

function number({ asInt, asDouble }: Any): object | undefined {
  if (asInt !== undefined) return { int: BigInt(asInt) };
  return asDouble === undefined ? undefined : { double: asDouble };
}

function buckets(buckets: Any): object | undefined {
  if (!buckets) return undefined;
  return { offset: buckets.offset, bucketCounts: buckets.bucketCounts.map(BigInt) };
}

function keyValues(list: Any[] = []): KeyValue[] {
  return list.map(({ key, value }) => ({ key, value: anyValue(value ?? {}) }));
}

function anyValue(value: Any): AnyValue {
  if (value.arrayValue) return { arrayValue: { values: value.arrayValue.values.map(anyValue) } };
  if (value.kvlistValue) return { kvlistValue: { values: keyValues(value.kvlistValue.values) } };
  if (value.doubleValue !== undefined && !Number.isFinite(value.doubleValue)) {
    return { doubleValue: String(value.doubleValue) as 'NaN' };
  }
  const { stringValueStrindex: _ofProfiles, ...rest } = value;
  return rest;
}

function hex(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}
