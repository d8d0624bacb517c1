import {
  type Context,
  type HrTime,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { durationMs, horizonMs, type Line, type Step, severityNumberOf } from './steps.ts';
import type { Telemetry } from './telemetry.ts';

/**
 * Hands a visit to the SDK as if it had just ended: with its own times instead of timers, so that a
 * visit costs one moment of work however long it took.
 */
export function perform(visit: Step, services: Telemetry['services'], nowMs: number): void {
  new Performance(services).run(visit, nowMs - horizonMs(visit), ROOT_CONTEXT, []);
}

class Performance {
  readonly #services: Telemetry['services'];

  constructor(services: Telemetry['services']) {
    this.#services = services;
  }

  run(step: Step, startMs: number, parent: Context, links: Link[]): void {
    const { kind, name, attributes } = step;
    const { tracer } = this.#services[step.service];
    const options = { kind, attributes, links, startTime: hrTime(startMs) };
    const span = tracer.startSpan(name, options, parent);
    const context = trace.setSpan(parent, span);
    let atMs = startMs + step.selfMs / 2;
    for (const called of step.calls) {
      this.run(called, atMs, context, []);
      atMs += durationMs(called);
    }
    const endMs = atMs + step.selfMs / 2;
    this.#fail(step, span, endMs);
    for (const line of step.logs) this.#log(step, line, context, endMs);
    span.end(hrTime(endMs));
    this.#measure(step, span, startMs, endMs);
    if (!step.later) return;
    const link = { context: span.spanContext() };
    this.run(step.later.step, endMs + step.later.delayMs, context, [link]);
  }

  #fail({ failure }: Step, span: Span, endMs: number): void {
    if (!failure) return;
    span.setStatus({ code: SpanStatusCode.ERROR, message: failure.message });
    if (failure.stack === undefined) return;
    const { type, message, stack } = failure;
    span.addEvent(
      'exception',
      { 'exception.type': type, 'exception.message': message, 'exception.stacktrace': stack },
      hrTime(endMs),
    );
  }

  #log({ service, name }: Step, { severity, body }: Line, context: Context, endMs: number): void {
    this.#services[service].logger.emit({
      timestamp: hrTime(endMs),
      severityNumber: severityNumberOf[severity],
      severityText: severity,
      body,
      attributes: { 'shop.operation': name },
      context,
    });
  }

  #measure(step: Step, span: Span, startMs: number, endMs: number): void {
    const telemetry = this.#services[step.service];
    for (const count of step.counts) telemetry.count(count);
    const keys = measuredKeys(step);
    if (!keys) return;
    const { attributes } = step;
    telemetry.duration({
      metric: step.kind === SpanKind.SERVER ? 'http.server.request.duration' : databaseDuration,
      seconds: (endMs - startMs) / 1000,
      timeMs: endMs,
      attributes: Object.fromEntries(
        keys.filter((key) => attributes[key] !== undefined).map((key) => [key, attributes[key]]),
      ),
      span: span.spanContext(),
    });
  }
}

const databaseDuration = 'db.client.operation.duration';
const httpKeys = ['http.request.method', 'http.route', 'http.response.status_code', 'error.type'];
const databaseKeys = ['db.system.name', 'db.operation.name', 'db.collection.name', 'error.type'];

/** The attributes that a step's duration is recorded with; undefined when it is not measured. */
function measuredKeys({ kind, attributes }: Step): string[] | undefined {
  if (kind === SpanKind.SERVER) return httpKeys;
  return attributes['db.system.name'] === undefined ? undefined : databaseKeys;
}

/** A number would be read as one since the start of the process when it is a small one. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.floor((ms - seconds * 1000) * 1e6)];
}
