import type { SpanRecord } from '@spillway/otlp';
import { durationMsOf } from '@spillway/store/live';

export interface SpanPairsOptions {
  /** How long one half waits for the other. */
  waitMs: number;
  /** Waiting spans; the oldest go first when more come. */
  pendingMax: number;
}

/** What is kept of a span while its other half has not come. */
export interface Half {
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

  constructor(options: SpanPairsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#pending.size + this.#waitingServers;
  }

  /** Halves that went without their other one because too many waited. */
  get evicted(): number {
    return this.#evicted;
  }

  /** The calls that the span completes. */
  add(span: SpanRecord, timeMs: number, nowMs: number): Call[] {
    const half: Half = {
      service: span.resource.service,
      durationMs: durationMsOf(span),
      isError: span.statusCode === 2,
    };
    if (span.kind === 3 || span.kind === 4) return this.#addClient(span, half, nowMs);
    const isServer = span.kind === 2 || span.kind === 5;
    return isServer && span.parentSpanId !== '' ? this.#addServer(span, half, timeMs, nowMs) : [];
  }

  #addClient(span: SpanRecord, client: Half, nowMs: number): Call[] {
    const pending = this.#pendingOf(`${span.traceId}${span.spanId}`, nowMs);
    pending.client = client;
    const calls = pending.servers.flatMap(({ half, timeMs }) => callOf(client, half, timeMs) ?? []);
    this.#waitingServers -= pending.servers.length;
    pending.isMatched ||= pending.servers.length > 0;
    pending.servers = [];
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
    return [];
  }

  #pendingOf(name: string, nowMs: number): Pending {
    this.#evict(nowMs);
    const known = this.#pending.get(name);
    if (known) return known;
    const pending: Pending = { client: undefined, servers: [], isMatched: false, sinceMs: nowMs };
    this.#pending.set(name, pending);
    return pending;
  }

  /** A Map keeps the order of arrival: the oldest come first. */
  #evict(nowMs: number): void {
    for (const [name, { sinceMs, servers, isMatched }] of this.#pending) {
      const isLate = nowMs - sinceMs > this.#options.waitMs;
      if (!isLate && this.size < this.#options.pendingMax) return;
      this.#pending.delete(name);
      this.#waitingServers -= servers.length;
      if (!isLate && !isMatched) this.#evicted += Math.max(1, servers.length);
    }
  }
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
