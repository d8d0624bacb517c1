import type { SpanRecord } from '@spillway/otlp';
import { durationMsOf } from '@spillway/store/live';

export interface SpanPairsOptions {
  /** How long one half waits for the other. */
  waitMs: number;
  /** Waiting spans; the oldest go first when more come. */
  pendingMax: number;
}

/** Measured: of a waiting span beside the name of its service. */
const pendingBytes = 300;

/** What is kept of a span while its other half has not come. */
export interface Half {
  /** Name of the service as the roll-ups count it: bounded in length. */
  service: string;
  durationMs: number;
  isError: boolean;
}

interface Pending {
  client: Half | undefined;
  /** Children that came before their client. */
  servers: { half: Half; timeMs: number }[];
  isMatched: boolean;
  sinceMs: number;
}

/** A call from one service to another, seen from both sides. */
export interface Call {
  from: string;
  to: string;
  timeMs: number;
  durationMs: number;
  isError: boolean;
}

/**
 * Matches client and producer spans with their server and consumer children, whichever comes
 * first. A producer may have many consumers, so a matched client waits on. Children of one parent
 * count as pending, too, so that a parent that never comes cannot gather them without bound.
 */
export class SpanPairs {
  readonly #options: SpanPairsOptions;
  readonly #pending = new Map<string, Pending>();
  #waitingServers = 0;
  #evicted = 0;
  #bytes = 0;

  constructor(options: SpanPairsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#pending.size + this.#waitingServers;
  }

  /** About; a service is counted with each span, since each message has its own copy. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Halves that went without their other one because too many waited. */
  get evicted(): number {
    return this.#evicted;
  }

  /** The calls that the span completes. */
  add(span: SpanRecord, service: string, timeMs: number, nowMs: number): Call[] {
    const half: Half = {
      service,
      durationMs: durationMsOf(span),
      isError: span.statusCode === 2,
    };
    if (span.kind === 3 || span.kind === 4) return this.#addClient(span, half, nowMs);
    const isServer = span.kind === 2 || span.kind === 5;
    return isServer && span.parentSpanId !== '' ? this.#addServer(span, half, timeMs, nowMs) : [];
  }

  #addClient(span: SpanRecord, client: Half, nowMs: number): Call[] {
    const pending = this.#pendingOf(`${span.traceId}${span.spanId}`, nowMs);
    this.#bytes -= bytesOf(pending);
    pending.client = client;
    const calls = pending.servers.flatMap(({ half, timeMs }) => callOf(client, half, timeMs) ?? []);
    this.#waitingServers -= pending.servers.length;
    pending.isMatched ||= pending.servers.length > 0;
    pending.servers = [];
    this.#bytes += bytesOf(pending);
    return calls;
  }

  #addServer(span: SpanRecord, half: Half, timeMs: number, nowMs: number): Call[] {
    const pending = this.#pendingOf(`${span.traceId}${span.parentSpanId}`, nowMs);
    if (pending.client) {
      pending.isMatched = true;
      const call = callOf(pending.client, half, timeMs);
      return call ? [call] : [];
    }
    pending.servers.push({ half, timeMs });
    this.#waitingServers++;
    this.#bytes += halfBytes(half);
    return [];
  }

  #pendingOf(name: string, nowMs: number): Pending {
    this.#evict(nowMs);
    const known = this.#pending.get(name);
    if (known) return known;
    const pending: Pending = { client: undefined, servers: [], isMatched: false, sinceMs: nowMs };
    this.#pending.set(name, pending);
    this.#bytes += bytesOf(pending);
    return pending;
  }

  /** The older half of them waits no longer: their memory is needed. */
  giveWay(): void {
    const left = this.#pending.size >> 1;
    for (const [name, pending] of this.#pending) {
      if (this.#pending.size <= left) return;
      this.#drop(name, pending);
    }
  }

  /** Those that waited long enough wait no longer. */
  expire(nowMs: number): void {
    this.#evict(nowMs);
  }

  /** A Map keeps the order of arrival: the oldest come first. */
  #evict(nowMs: number): void {
    for (const [name, pending] of this.#pending) {
      const isLate = nowMs - pending.sinceMs > this.#options.waitMs;
      if (!isLate && this.size < this.#options.pendingMax) return;
      this.#drop(name, pending, isLate);
    }
  }

  #drop(name: string, pending: Pending, isLate = false): void {
    this.#pending.delete(name);
    this.#waitingServers -= pending.servers.length;
    this.#bytes -= bytesOf(pending);
    if (!isLate && !pending.isMatched) this.#evicted += Math.max(1, pending.servers.length);
  }
}

function bytesOf({ client, servers }: Pending): number {
  let bytes = pendingBytes + (client ? halfBytes(client) : 0);
  for (const { half } of servers) bytes += halfBytes(half);
  return bytes;
}

/** Two bytes a character, as V8 may need. */
function halfBytes({ service }: Half): number {
  return pendingBytes + 2 * service.length;
}

/** Undefined inside one service. The duration is the caller's: it holds the network, too. */
function callOf(client: Half, server: Half, timeMs: number): Call | undefined {
  if (client.service === server.service) return undefined;
  return {
    from: client.service,
    to: server.service,
    timeMs,
    durationMs: client.durationMs,
    isError: client.isError || server.isError,
  };
}
