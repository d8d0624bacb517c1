/** A small shop's telemetry, the same on every run: what the tests and their pictures look at. */
import type { KeyValue, LogRecord, MetricPoint, SpanRecord } from '@spillway/otlp';
import type { DecodedMessage } from '@spillway/store';
import { int, TestRecords, text } from '@spillway/store/contract';
import { nano, shopPoints } from './shop-points.ts';
import { type Call, routes } from './shop-routes.ts';

export interface ShopOptions {
  nowMs: number;
  tenant?: string;
  /** Requests over the last `minutes`. */
  requests?: number;
  minutes?: number;
}

/** Markup as span name, attribute and log body: must stay text everywhere. */
export const hostileText = '<img src=x onerror="window.hacked=1"><b>bold</b>';

export class Shop {
  readonly #records: TestRecords;
  readonly #options: Required<ShopOptions>;
  #seed = 42;
  readonly spans: SpanRecord[] = [];
  readonly logs: LogRecord[] = [];
  readonly points: MetricPoint[];
  #spanCount = 0;

  constructor(options: ShopOptions) {
    this.#options = { tenant: 'default', requests: 600, minutes: 50, ...options };
    const { tenant, nowMs, minutes } = this.#options;
    this.#records = new TestRecords({ tenant, nowMs });
    this.#makeRequests();
    this.points = shopPoints({ records: this.#records, spans: this.spans, nowMs, minutes });
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

  /** Mulberry32: small, and the same everywhere. */
  #random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }
}
