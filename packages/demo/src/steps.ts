/** The steps of a visit to the shop: who does what for how long. Nothing has happened yet. */
import { type Attributes, SeverityNumber, SpanKind } from '@opentelemetry/api';

export const serviceNames = [
  'storefront',
  'cart',
  'checkout',
  'payment',
  'inventory',
  'shipping',
  'order-worker',
] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface Step {
  service: ServiceName;
  kind: SpanKind;
  name: string;
  attributes: Attributes;
  /** Own time: half of it before the calls, half after. */
  selfMs: number;
  /** One after the other. */
  calls: Step[];
  /** What begins by itself once this step is over: the reading of a message. */
  later: Later | undefined;
  failure: Failure | undefined;
  logs: Line[];
  counts: Count[];
}

interface Later {
  delayMs: number;
  step: Step;
}

export interface Failure {
  type: string;
  message: string;
  /** Where it was thrown; undefined for one that was passed on. */
  stack: string | undefined;
}

/** A log record at the end of its step. */
export interface Line {
  severity: 'INFO' | 'WARN' | 'ERROR';
  body: string | Record<string, string | number | boolean>;
}

export interface Count {
  counter: 'shop.orders' | 'shop.revenue' | 'shop.carts.open';
  value: number;
  attributes: Attributes;
}

export const severityNumberOf = {
  INFO: SeverityNumber.INFO,
  WARN: SeverityNumber.WARN,
  ERROR: SeverityNumber.ERROR,
} as const satisfies Record<Line['severity'], SeverityNumber>;

type Extra = Partial<Pick<Step, 'calls' | 'later' | 'failure' | 'logs' | 'counts'>>;

export interface Route {
  method: 'GET' | 'POST' | 'DELETE';
  template: string;
  /** Status of the response; 5xx is a failure of the server, 4xx one of its caller. */
  status?: number | undefined;
}

export function server(service: ServiceName, route: Route, selfMs: number, extra: Extra): Step {
  const { method, template, status = 200 } = route;
  const attributes = {
    'http.request.method': method,
    'http.route': template,
    'http.response.status_code': status,
    'url.scheme': 'http',
    'server.address': `${service}.shop.internal`,
    'server.port': 8080,
    ...(status >= 500 ? { 'error.type': String(status) } : {}),
  };
  const failure = extra.failure ?? (status >= 500 ? passedOn(String(status)) : undefined);
  const name = `${method} ${template}`;
  return step({ service, kind: SpanKind.SERVER, name, attributes, selfMs, ...extra, failure });
}

/** The caller's side of a server step. */
export function call(from: ServiceName, called: Step): Step {
  const status = Number(called.attributes['http.response.status_code']);
  const attributes = {
    'http.request.method': called.attributes['http.request.method'],
    'http.response.status_code': status,
    'server.address': called.attributes['server.address'],
    'server.port': 8080,
    ...(status >= 400 ? { 'error.type': String(status) } : {}),
  };
  const failure = status >= 400 ? passedOn(String(status)) : undefined;
  const name = String(called.attributes['http.request.method']);
  const calls = [called];
  const network = { service: from, kind: SpanKind.CLIENT, name, attributes, selfMs: 1.2 };
  return step({ ...network, calls, failure });
}

/** A call to a server outside the shop. */
export function outside(
  from: ServiceName,
  address: string,
  options: { path: string; selfMs: number; failure: Failure | undefined },
): Step {
  const { path, selfMs, failure } = options;
  const attributes = {
    'http.request.method': 'POST',
    'url.full': `https://${address}${path}`,
    'server.address': address,
    'server.port': 443,
    ...(failure ? { 'error.type': failure.type } : { 'http.response.status_code': 200 }),
  };
  const kind = SpanKind.CLIENT;
  return step({ service: from, kind, name: 'POST', attributes, selfMs, failure });
}

export function database(
  service: ServiceName,
  query: { system: 'postgresql' | 'redis'; operation: string; table: string },
  selfMs: number,
  failure?: Failure,
): Step {
  const { system, operation, table } = query;
  const attributes = {
    'db.system.name': system,
    'db.operation.name': operation,
    'db.collection.name': table,
    'server.address': `${system}.shop.internal`,
    ...(failure ? { 'error.type': failure.type } : {}),
  };
  const name = `${operation} ${table}`;
  return step({ service, kind: SpanKind.CLIENT, name, attributes, selfMs, failure });
}

export function produce(service: ServiceName, topic: string, later: Later): Step {
  const attributes = messaging(topic, 'send');
  const name = `send ${topic}`;
  return step({ service, kind: SpanKind.PRODUCER, name, attributes, selfMs: 2, later });
}

export function consume(service: ServiceName, topic: string, selfMs: number, extra: Extra): Step {
  const attributes = messaging(topic, 'process');
  const name = `process ${topic}`;
  return step({ service, kind: SpanKind.CONSUMER, name, attributes, selfMs, ...extra });
}

/** Adds up the milliseconds that a step and its calls take, without what begins later. */
export function durationMs({ selfMs, calls }: Step): number {
  return calls.reduce((sum, called) => sum + durationMs(called), selfMs);
}

/** Milliseconds until the last thing that the step brings about is over. */
export function horizonMs(some: Step): number {
  let at = some.selfMs / 2;
  let horizon = 0;
  for (const called of some.calls) {
    horizon = Math.max(horizon, at + horizonMs(called));
    at += durationMs(called);
  }
  const end = at + some.selfMs / 2;
  const { later } = some;
  return Math.max(horizon, later ? end + later.delayMs + horizonMs(later.step) : end);
}

function step(given: Omit<Step, 'calls' | 'later' | 'failure' | 'logs' | 'counts'> & Extra): Step {
  return { calls: [], later: undefined, failure: undefined, logs: [], counts: [], ...given };
}

function passedOn(type: string): Failure {
  return { type, message: '', stack: undefined };
}

function messaging(topic: string, operation: 'send' | 'process'): Attributes {
  return {
    'messaging.system': 'rabbitmq',
    'messaging.destination.name': topic,
    'messaging.operation.type': operation,
    'messaging.operation.name': operation,
  };
}
