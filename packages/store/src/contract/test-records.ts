/**
 * Records and messages for the contract suites: deterministic, of every kind, shaped like what
 * the decoder makes.
 */
import { topicOf } from '@spillway/broker';
import type {
  BrokenRecord,
  KeyValue,
  LogRecord,
  MetricPoint,
  Resource,
  Scope,
  SpanRecord,
  TelemetryRecord,
} from '@spillway/otlp';
import type { DecodedMessage } from '../sink.ts';
import { hashOf, withKeys } from './test-keys.ts';
import { testPoint } from './test-points.ts';
import { int, spanAttributes, text } from './test-values.ts';

/** Options of records that are made for tests. */
export interface TestRecordsOptions {
  tenant?: string | undefined;
  gateway?: string | undefined;
  epoch?: number | undefined;
  partition?: number | undefined;
  /** Time of the first record and of acceptance, ms since the epoch. */
  nowMs?: number | undefined;
}

/** Options of a message that is made for tests. */
export interface TestMessageOptions {
  receivedMs?: number | undefined;
  foreign?: boolean | undefined;
  broken?: BrokenRecord[] | undefined;
  position?: number | undefined;
  partition?: number | undefined;
}

/** 2026-01-05 12:00:00 UTC, a minute's first millisecond. */
export const testNowMs = Date.UTC(2026, 0, 5, 12);

/** Each call gives other records; two makers with the same options give the same ones. */
export class TestRecords {
  readonly #tenant: string;
  readonly #gateway: string;
  readonly #epoch: number;
  readonly #partition: number;
  readonly #nowMs: number;
  #made = 0;
  readonly #positions = new Map<string, number>();

  constructor(options: TestRecordsOptions = {}) {
    this.#tenant = options.tenant ?? 'acme';
    this.#gateway = options.gateway ?? 'gw-test';
    this.#epoch = options.epoch ?? 1;
    this.#partition = options.partition ?? 0;
    this.#nowMs = options.nowMs ?? testNowMs;
  }

  resource(service = 'checkout', extra: KeyValue[] = []): Resource {
    const attributes = [
      text('service.name', service),
      text('service.version', '1.4.2'),
      text('deployment.environment.name', 'test'),
      ...extra,
    ];
    const schemaUrl = 'https://opentelemetry.io/schemas/1.34.0';
    const hash = hashOf(['resource', attributes, schemaUrl]);
    return { hash, service, attributes, droppedAttributesCount: 0, schemaUrl };
  }

  scope(name = '@acme/http'): Scope {
    const attributes: KeyValue[] = [];
    const hash = hashOf(['scope', name]);
    return { hash, name, version: '2.0.1', attributes, droppedAttributesCount: 0, schemaUrl: '' };
  }

  /** A server span with eight attributes, one event and one link. */
  span(over: Partial<SpanRecord> = {}): SpanRecord {
    const n = this.#next();
    const startTimeUnixNano = this.timeUnixNano(n);
    return {
      signal: 'traces',
      key: '',
      index: 0,
      resource: this.resource(),
      scope: this.scope(),
      traceId: this.traceId(n),
      spanId: this.spanId(n),
      parentSpanId: '',
      traceState: '',
      flags: 257,
      name: 'GET /api/carts/{id}',
      kind: 2,
      startTimeUnixNano,
      endTimeUnixNano: startTimeUnixNano + 12_345_678n,
      attributes: spanAttributes(n),
      droppedAttributesCount: 0,
      events: [
        {
          timeUnixNano: startTimeUnixNano + 1_000n,
          name: 'cache.miss',
          attributes: [text('cache.key', `cart-${n}`)],
          droppedAttributesCount: 1,
        },
      ],
      droppedEventsCount: 0,
      links: [
        {
          traceId: this.traceId(n + 1_000_000),
          spanId: this.spanId(n + 1_000_000),
          traceState: 'vendor=1',
          flags: 1,
          attributes: [],
          droppedAttributesCount: 0,
        },
      ],
      droppedLinksCount: 0,
      statusCode: 0,
      statusMessage: '',
      ...over,
    };
  }

  /** One trace: a root span in the first service and a child in each other one. */
  trace(services: readonly string[], over: Partial<SpanRecord> = {}): SpanRecord[] {
    const traceId = this.traceId(this.#next());
    let parentSpanId = '';
    return services.map((service, depth) => {
      const span = this.span({ traceId, parentSpanId, resource: this.resource(service), ...over });
      const startTimeUnixNano = span.startTimeUnixNano + BigInt(depth) * 1_000_000n;
      parentSpanId = span.spanId;
      return { ...span, startTimeUnixNano };
    });
  }

  log(over: Partial<LogRecord> = {}): LogRecord {
    const n = this.#next();
    return {
      signal: 'logs',
      key: '',
      index: 0,
      resource: this.resource(),
      scope: this.scope('@acme/logger'),
      timeUnixNano: this.timeUnixNano(n),
      observedTimeUnixNano: this.timeUnixNano(n) + 5n,
      severityNumber: 9,
      severityText: 'INFO',
      body: { stringValue: `order ${n} was placed` },
      attributes: [text('order.id', `o-${n}`), int('order.items', n)],
      droppedAttributesCount: 0,
      flags: 1,
      traceId: this.traceId(n),
      spanId: this.spanId(n),
      eventName: '',
      ...over,
    };
  }

  /** A data point of the given type, with every field that the type has. */
  point(type: MetricPoint['metric']['type'] = 'sum', over: Partial<MetricPoint> = {}): MetricPoint {
    const n = this.#next();
    const timeUnixNano = this.timeUnixNano(n);
    const point: MetricPoint = {
      ...testPoint(type, { n, timeUnixNano, traceId: this.traceId(n), spanId: this.spanId(n) }),
      resource: this.resource(),
      scope: this.scope('@acme/meter'),
      ...over,
    };
    const { resource, scope, metric, attributes } = point;
    const seriesKey = hashOf([this.#tenant, resource.hash, scope.hash, metric, attributes]);
    return { ...point, seriesKey: over.seriesKey ?? seriesKey };
  }

  /** Gives keys and indexes to the records; sequence and position follow those before. */
  message(records: readonly TelemetryRecord[], options: TestMessageOptions = {}): DecodedMessage {
    const signal = records[0]?.signal ?? 'traces';
    const topic = topicOf[signal];
    const partition = options.partition ?? this.#partition;
    const place = `${topic}/${partition}`;
    const position = options.position ?? this.#positions.get(place) ?? 0;
    this.#positions.set(place, Math.max(this.#positions.get(place) ?? 0, position + 1));
    const broken = options.broken ?? [];
    const foreign = options.foreign ?? false;
    return {
      envelope: {
        id: foreign
          ? { gateway: 'foreign', epoch: 0, topic, partition, sequence: position }
          : {
              gateway: this.#gateway,
              epoch: this.#epoch,
              topic,
              partition,
              sequence: position + 1,
            },
        foreign,
        tenant: this.#tenant,
        records: foreign ? undefined : records.length + broken.length,
        receivedMs: options.receivedMs ?? this.#nowMs,
        traceparent: undefined,
        onlyGroup: undefined,
        ordinals: undefined,
      },
      signal,
      position,
      records: withKeys(records, this.#tenant, new Set(broken.map(({ index }) => index))),
      broken,
    };
  }

  traceId(n: number): string {
    return hashOf(['trace', this.#tenant, n]);
  }

  spanId(n: number): string {
    return hashOf(['span', this.#tenant, n]).slice(0, 16);
  }

  /** A millisecond and seven nanoseconds apart. */
  timeUnixNano(n: number): bigint {
    return BigInt(this.#nowMs) * 1_000_000n + BigInt(n) * 1_000_007n;
  }

  #next(): number {
    this.#made += 1;
    return this.#made;
  }
}
