import type { KeyValue, SpanEvent, SpanLink, SpanRecord } from '@spillway/otlp';
import { int, list, text } from './attributes.ts';
import type { Random } from './random.ts';
import { type PlannedSpan, planTrace, type Role, type TracePlanOptions } from './trace-plan.ts';

export interface TraceOptions extends TracePlanOptions {
  /** ns since the epoch. */
  startUnixNano: bigint;
  /** Sequence of the first span; those of the others follow. */
  sequence: number;
}

/** The attribute that numbers spans and logs from 1, so that a test can name what is missing. */
export const sequenceKey = 'spillway.sequence';

export const exceptionMessage = 'connection reset by peer';

const kindOf: Readonly<Record<Role, number>> = {
  internal: 1,
  server: 2,
  client: 3,
  database: 3,
  producer: 4,
  consumer: 5,
};

/** The spans of one trace, the root first. */
export function createTrace(options: TraceOptions): SpanRecord[] {
  const { random, sequence } = options;
  const traceId = random.hexId(32);
  const spans: SpanRecord[] = [];
  for (const [place, planned] of planTrace(options).entries()) {
    const parent = spans[planned.parent];
    const startTimeUnixNano = options.startUnixNano + nanosOf(planned.startUs);
    const endTimeUnixNano = options.startUnixNano + nanosOf(planned.endUs);
    spans.push({
      signal: 'traces',
      key: '',
      index: 0,
      resource: planned.service.resource,
      scope: planned.service.scope,
      traceId,
      spanId: random.hexId(16),
      parentSpanId: parent?.spanId ?? '',
      traceState: '',
      // Sampled, and whether the parent is remote is known (bit 8) and true (bit 9).
      flags: isRemote(planned.role) && parent ? 0x301 : 0x101,
      name: nameOf(planned),
      kind: kindOf[planned.role],
      startTimeUnixNano,
      endTimeUnixNano,
      attributes: [...attributesOf(planned, random), int(sequenceKey, sequence + place)],
      droppedAttributesCount: 0,
      events: eventsOf(planned, startTimeUnixNano, endTimeUnixNano),
      droppedEventsCount: 0,
      links: planned.role === 'consumer' && parent ? [linkTo(parent)] : [],
      droppedLinksCount: 0,
      statusCode: planned.failed ? 2 : 0,
      statusMessage: planned.failed ? exceptionMessage : '',
    });
  }
  return spans;
}

function nameOf({ role, route, service }: PlannedSpan): string {
  if (role === 'database') return `SELECT ${service.table}`;
  if (role === 'internal') return `render ${service.table}`;
  if (role === 'producer') return `send ${service.table}`;
  if (role === 'consumer') return `process ${service.table}`;
  return `${route.method} ${route.template}`;
}

/** Makes attributes by the semantic conventions for HTTP, database and messaging spans. */
function attributesOf(planned: PlannedSpan, random: Random): KeyValue[] {
  const { role, service, route } = planned;
  const path = route.template.replace('{id}', String(random.below(100_000)));
  switch (role) {
    case 'server':
      return [
        ...http(planned),
        text('http.route', route.template),
        text('url.scheme', 'https'),
        text('url.path', path),
        text('client.address', `10.0.${random.below(256)}.${random.below(256)}`),
        text('user_agent.original', 'Mozilla/5.0 (X11; Linux x86_64)'),
      ];
    case 'client':
      return [...http(planned), text('url.full', `http://${service.name}.shop.internal${path}`)];
    case 'database':
      return database(planned, random);
    case 'internal':
      return [text('code.function.name', `${service.name}.render`), list('shop.tags', ['a', 'b'])];
    default:
      return [
        text('messaging.system', 'kafka'),
        text('messaging.destination.name', service.table),
        text('messaging.operation.type', role === 'producer' ? 'send' : 'process'),
        int('messaging.message.body.size', 200 + random.below(2000)),
      ];
  }
}

function http({ route, failed, service }: PlannedSpan): KeyValue[] {
  return [
    text('http.request.method', route.method),
    int('http.response.status_code', failed ? 503 : 200),
    text('network.protocol.version', '1.1'),
    text('server.address', `${service.name}.shop.internal`),
    int('server.port', 8443),
    ...(failed ? [text('error.type', '503')] : []),
  ];
}

function database({ service, failed }: PlannedSpan, random: Random): KeyValue[] {
  return [
    text('db.system.name', 'postgresql'),
    text('db.namespace', 'shop'),
    text('db.collection.name', service.table),
    text('db.operation.name', 'SELECT'),
    text('db.query.text', `SELECT * FROM ${service.table} WHERE id = $1`),
    int('db.response.returned_rows', random.below(50)),
    ...(failed ? [text('error.type', 'ECONNRESET')] : []),
  ];
}

function eventsOf(planned: PlannedSpan, start: bigint, end: bigint): SpanEvent[] {
  const event = (name: string, timeUnixNano: bigint, attributes: KeyValue[]): SpanEvent => {
    return { timeUnixNano, name, attributes, droppedAttributesCount: 0 };
  };
  const events: SpanEvent[] = [];
  if (planned.role === 'internal') {
    const middle = start + (end - start) / 2n;
    events.push(event('cache.miss', middle, [text('cache.key', planned.service.table)]));
  }
  if (planned.failed) events.push(event('exception', end, exceptionAttributes(planned)));
  return events;
}

function exceptionAttributes({ service }: PlannedSpan): KeyValue[] {
  return [
    text('exception.type', 'ConnectionError'),
    text('exception.message', exceptionMessage),
    text(
      'exception.stacktrace',
      `ConnectionError: ${exceptionMessage}\n    at ${service.name}.query (${service.table}:42:7)`,
    ),
  ];
}

function linkTo({ traceId, spanId, flags }: SpanRecord): SpanLink {
  return { traceId, spanId, traceState: '', flags, attributes: [], droppedAttributesCount: 0 };
}

function isRemote(role: Role): boolean {
  return role === 'server' || role === 'consumer';
}

function nanosOf(us: number): bigint {
  return BigInt(Math.round(us * 1000));
}
