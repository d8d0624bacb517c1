/** A small shop's telemetry, the same on every run: what the tests and their pictures look at. */
import type { KeyValue, LogRecord, MetricPoint, SpanRecord } from '@spillway/otlp';
import type { DecodedMessage } from '@spillway/store';
import { int, TestRecords, text } from '@spillway/store/contract';

export interface ShopOptions {
  nowMs: number;
  tenant?: string;
  /** Requests over the last `minutes`. */
  requests?: number;
  minutes?: number;
}

/** Markup as span name, attribute and log body: must stay text everywhere. */
export const hostileText = '<img src=x onerror="window.hacked=1"><b>bold</b>';

interface Call {
  service: string;
  name: string;
  kind: number;
  /** Share of the parent's time. */
  share: number;
  attributes?: KeyValue[];
  calls?: Call[];
}

const routes: { name: string; weight: number; baseMs: number; calls: Call[] }[] = [
  {
    name: 'GET /products',
    weight: 6,
    baseMs: 45,
    calls: [
      {
        service: 'catalog',
        name: 'Catalog/List',
        kind: 2,
        share: 0.6,
        calls: [
          {
            service: 'catalog',
            name: 'SELECT products',
            kind: 3,
            share: 0.7,
            attributes: [text('db.system.name', 'postgresql')],
          },
        ],
      },
      { service: 'currency', name: 'Currency/Convert', kind: 2, share: 0.2 },
    ],
  },
  {
    name: 'POST /cart',
    weight: 3,
    baseMs: 30,
    calls: [
      {
        service: 'cart',
        name: 'Cart/Add',
        kind: 2,
        share: 0.7,
        calls: [
          {
            service: 'cart',
            name: 'HSET cart',
            kind: 3,
            share: 0.5,
            attributes: [text('db.system.name', 'redis')],
          },
        ],
      },
    ],
  },
  {
    name: 'POST /checkout',
    weight: 2,
    baseMs: 240,
    calls: [
      {
        service: 'checkout',
        name: 'Checkout/PlaceOrder',
        kind: 2,
        share: 0.9,
        calls: [
          { service: 'cart', name: 'Cart/Get', kind: 2, share: 0.1 },
          {
            service: 'payment',
            name: 'Payment/Charge',
            kind: 2,
            share: 0.5,
            calls: [{ service: 'payment', name: 'POST acquirer.example', kind: 3, share: 0.8 }],
          },
          { service: 'inventory', name: 'Inventory/Reserve', kind: 2, share: 0.15 },
          { service: 'email', name: 'send confirmation', kind: 4, share: 0.12 },
        ],
      },
    ],
  },
];

export class Shop {
  readonly #records: TestRecords;
  readonly #options: Required<ShopOptions>;
  #seed = 42;
  readonly spans: SpanRecord[] = [];
  readonly logs: LogRecord[] = [];
  readonly points: MetricPoint[] = [];
  #spanCount = 0;

  constructor(options: ShopOptions) {
    this.#options = { tenant: 'default', requests: 600, minutes: 50, ...options };
    const { tenant, nowMs } = this.#options;
    this.#records = new TestRecords({ tenant, nowMs });
    this.#makeRequests();
    this.#makePoints();
  }

  /** One message per signal and 400 records. */
  messages(): DecodedMessage[] {
    return [this.spans, this.logs, this.points].flatMap((records) => {
      const chunks = Math.ceil(records.length / 400);
      return Array.from({ length: chunks }, (_, i) =>
        this.#records.message(records.slice(i * 400, (i + 1) * 400), {
          receivedMs: this.#options.nowMs,
        }),
      );
    });
  }

  /** A trace of many spans in one message, for the waterfall. */
  deepTrace(spans: number): { traceId: string; message: DecodedMessage } {
    const traceId = this.#records.traceId(9_000_001);
    const startMs = this.#options.nowMs - 120_000;
    const services = ['scheduler', 'worker', 'catalog', 'inventory'];
    const all: SpanRecord[] = [];
    const depths: number[] = [];
    for (let i = 0; i < spans; i++) {
      const above = Math.floor((i - 1) / 8);
      const parent = all[above];
      const depth = parent ? (depths[above] ?? 0) + 1 : 0;
      depths.push(depth);
      const at = startMs + i;
      all.push(
        this.#span({
          traceId,
          parentSpanId: parent?.spanId ?? '',
          service: services[Math.min(depth, 3)] as string,
          name: i === 0 ? 'nightly reindex' : `step ${i}`,
          kind: 1,
          startMs: at,
          endMs: i === 0 ? startMs + spans + 50 : at + 20 + (i % 30),
        }),
      );
    }
    return { traceId, message: this.#records.message(all) };
  }

  #makeRequests(): void {
    const { nowMs, requests, minutes } = this.#options;
    const fromMs = nowMs - minutes * 60_000;
    const stepMs = (minutes * 60_000 - 5_000) / requests;
    for (let i = 0; i < requests; i++) this.#request(i, fromMs + i * stepMs);
  }

  #request(i: number, startMs: number): void {
    const weights = routes.flatMap((route) => Array<typeof route>(route.weight).fill(route));
    const route = weights[Math.floor(this.#random() * weights.length)] as (typeof routes)[0];
    const slow = this.#random() < 0.04 ? 6 : 1;
    const durationMs = route.baseMs * slow * (0.6 + this.#random() ** 3 * 2);
    const failed = route.name === 'POST /checkout' && this.#random() < 0.12;
    const traceId = this.#records.traceId(i + 1_000);
    const root = this.#span({
      traceId,
      parentSpanId: '',
      service: 'frontend',
      name: i === 7 ? hostileText : route.name,
      kind: 2,
      startMs,
      endMs: startMs + durationMs,
      failed,
      attributes: [
        text('http.request.method', route.name.split(' ')[0] as string),
        text('http.route', route.name.split(' ')[1] as string),
        int('http.response.status_code', failed ? 502 : 200),
        text('user.id', `u-${i % 97}`),
        ...(i === 7 ? [text('html', hostileText)] : []),
      ],
    });
    this.spans.push(root);
    const logBody = i === 7 ? hostileText : `${route.name} handled in ${durationMs.toFixed(1)} ms`;
    this.#log(root, 9, logBody, startMs + durationMs);
    this.#calls(root, route.calls, { startMs, durationMs, failed });
  }

  #calls(
    parent: SpanRecord,
    calls: readonly Call[],
    at: { startMs: number; durationMs: number; failed: boolean },
  ): void {
    let startMs = at.startMs + at.durationMs * 0.03;
    for (const call of calls) {
      const durationMs = at.durationMs * call.share;
      const failed = at.failed && /Checkout|Payment|acquirer/.test(call.name);
      const common = { name: call.name, traceId: parent.traceId, failed };
      const caller = this.#clientSpan(parent, { ...common, kind: call.kind, startMs, durationMs });
      const span = this.#span({
        ...call,
        ...common,
        parentSpanId: caller.spanId,
        startMs: startMs + durationMs * 0.02,
        endMs: startMs + durationMs * 0.98,
      });
      this.spans.push(span);
      if (failed) this.#log(span, 17, 'card was refused: insufficient funds', startMs + durationMs);
      else if (this.#random() < 0.15) this.#log(span, 5, `${call.name} took its time`, startMs);
      else if (this.#random() < 0.03) this.#log(span, 13, 'retrying after a timeout', startMs);
      this.#calls(span, call.calls ?? [], { startMs, durationMs, failed });
      startMs += durationMs * 1.02;
    }
  }

  /** Another service is called by a span of the caller's own; the parent itself otherwise. */
  #clientSpan(
    parent: SpanRecord,
    call: {
      name: string;
      traceId: string;
      failed: boolean;
      kind: number;
      startMs: number;
      durationMs: number;
    },
  ): SpanRecord {
    if (call.kind !== 2) return parent;
    const endMs = call.startMs + call.durationMs;
    const { service } = parent.resource;
    const span = this.#span({ ...call, service, parentSpanId: parent.spanId, kind: 3, endMs });
    this.spans.push(span);
    return span;
  }

  #span(of: {
    traceId: string;
    parentSpanId: string;
    service: string;
    name: string;
    kind: number;
    startMs: number;
    endMs: number;
    failed?: boolean;
    attributes?: KeyValue[];
  }): SpanRecord {
    const startTimeUnixNano = nano(of.startMs);
    const exception = {
      timeUnixNano: nano(of.endMs - 1),
      name: 'exception',
      attributes: [
        text('exception.type', 'CardRefused'),
        text('exception.message', 'insufficient funds'),
      ],
      droppedAttributesCount: 0,
    };
    return this.#records.span({
      traceId: of.traceId,
      spanId: this.#records.spanId(++this.#spanCount + 50_000),
      parentSpanId: of.parentSpanId,
      resource: this.#records.resource(of.service),
      name: of.name,
      kind: of.kind,
      startTimeUnixNano,
      endTimeUnixNano: nano(of.endMs),
      attributes: of.attributes ?? [],
      events: of.failed ? [exception] : [],
      links: [],
      statusCode: of.failed ? 2 : 0,
      statusMessage: of.failed ? 'payment failed' : '',
    });
  }

  #log(span: SpanRecord, severityNumber: number, body: string, atMs: number): void {
    const severityText = { 5: 'DEBUG', 9: 'INFO', 13: 'WARN', 17: 'ERROR' }[severityNumber] ?? '';
    this.logs.push(
      this.#records.log({
        resource: span.resource,
        timeUnixNano: nano(atMs),
        observedTimeUnixNano: nano(atMs),
        severityNumber,
        severityText,
        body: { stringValue: body },
        attributes: [text('code.function.name', span.name.slice(0, 40)), int('thread.id', 7)],
        traceId: span.traceId,
        spanId: span.spanId,
      }),
    );
  }

  #makePoints(): void {
    const { nowMs, minutes } = this.#options;
    const startTimeUnixNano = nano(nowMs - minutes * 60_000);
    const roots = this.spans.filter((span) => span.parentSpanId === '');
    for (const route of routes) {
      const counts = [0, 0, 0, 0, 0, 0];
      let sum = 0;
      for (let minute = minutes; minute > 0; minute--) {
        const [fromMs, toMs] = [nowMs - minute * 60_000, nowMs - (minute - 1) * 60_000];
        const inMinute = roots.filter((span) => {
          const at = Number(span.startTimeUnixNano / 1_000_000n);
          return span.name === route.name && at >= fromMs && at < toMs;
        });
        for (const span of inMinute) {
          const ms = Number(span.endTimeUnixNano - span.startTimeUnixNano) / 1e6;
          const bucket = bounds.findIndex((bound) => ms <= bound);
          const index = bucket < 0 ? bounds.length : bucket;
          counts[index] = (counts[index] ?? 0) + 1;
          sum += ms;
        }
        const slowest = inMinute.toSorted((a, b) => duration(b) - duration(a))[0];
        const common = { startTimeUnixNano, timeUnixNano: nano(toMs - 1_000) };
        const attributes = [text('http.route', route.name.split(' ')[1] as string)];
        this.#histogram({ ...common, attributes }, counts, sum, slowest);
        if (route.weight === 2) this.#queue(common, 20 + 15 * Math.sin(minute / 5));
      }
    }
  }

  #histogram(
    at: Pick<MetricPoint, 'startTimeUnixNano' | 'timeUnixNano' | 'attributes'>,
    counts: readonly number[],
    sum: number,
    slowest: SpanRecord | undefined,
  ): void {
    const base = this.#records.point('histogram');
    this.points.push(
      this.#records.point('histogram', {
        ...at,
        resource: this.#records.resource('frontend'),
        metric: {
          ...base.metric,
          name: 'http.server.request.duration',
          description: 'Duration of HTTP server requests',
        },
        count: BigInt(counts.reduce((a, b) => a + b, 0)),
        sum,
        min: undefined,
        max: undefined,
        bucketCounts: counts.map(BigInt),
        explicitBounds: bounds,
        exemplars: slowest
          ? [
              {
                timeUnixNano: slowest.endTimeUnixNano,
                value: { double: duration(slowest) },
                traceId: slowest.traceId,
                spanId: slowest.spanId,
                filteredAttributes: [],
              },
            ]
          : [],
      }),
    );
  }

  #queue(at: Pick<MetricPoint, 'startTimeUnixNano' | 'timeUnixNano'>, depth: number): void {
    const base = this.#records.point('gauge');
    this.points.push(
      this.#records.point('gauge', {
        ...at,
        resource: this.#records.resource('email'),
        metric: { ...base.metric, name: 'email.queue.depth', unit: '{message}' },
        attributes: [text('queue', 'outgoing')],
        value: { double: Math.round(depth) },
        exemplars: [],
      }),
    );
  }

  /** Mulberry32: small, and the same everywhere. */
  #random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }
}

const bounds = [25, 50, 100, 250, 500];

function duration(span: SpanRecord): number {
  return Number(span.endTimeUnixNano - span.startTimeUnixNano) / 1e6;
}

function nano(ms: number): bigint {
  return BigInt(Math.round(ms * 1_000)) * 1_000n;
}
