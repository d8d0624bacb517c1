import type { HistogramCounts } from '@spillway/metrics';
import type { Signal } from '@spillway/otlp';
import type { QuotaStats } from '../admit/quota-meter.ts';
import type { RecordStats } from '../publish/accounting.ts';
import type { SignalPublisherStats } from '../publish/signal-publisher.ts';
import type { SpilloverStats } from '../publish/spillover.ts';
import { Counts, Histogram } from './counters.ts';

/** The protocols that a request can come by. */
export type Protocol = 'http-protobuf' | 'http-json' | 'grpc';

/**
 * Counts of a gateway since its start. Their number is bounded: signals, protocols and codes are
 * closed lists, tenants come from the keys file.
 */
export interface GatewayStats extends RecordStats {
  /** `code` is `ok`, `partial` or a refusal's code. */
  requests: { signal: Signal | 'none'; protocol: Protocol; code: string; count: number }[];
  /** From the start of a request to its answer, in seconds. */
  answerSeconds: { signal: Signal; protocol: Protocol; counts: HistogramCounts }[];
  /** Bodies as sent, and after decompression and transcoding. */
  bodyBytes: { signal: Signal; received: number; scanned: number }[];
  inFlight: { requests: number; bytes: number };
  /** One for each quota of a tenant: of records, or of bytes. */
  quotas: QuotaStats[];
  /** Waiting for the broker or on their way to it. */
  queueBytes: number;
  publishMessages: HistogramCounts;
  publishBytes: HistogramCounts;
  publishSeconds: HistogramCounts;
  /** One for each signal: its breaker, its retries, and its partitions by state. */
  signals: SignalPublisherStats[];
  /** Undefined without a spill. */
  spill: SpilloverStats | undefined;
  notes: NotePublisherStats;
  connections: { http: number; grpc: number };
}

const answerBounds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 8];

/** What became of the notes for the ledger since the start of the gateway. */
export interface NotePublisherStats {
  /** Notes that the broker has. */
  published: number;
  /** Tries to publish a note that failed. */
  failed: number;
  /** Notes that went into the spill. */
  kept: number;
  /** Durable messages, at this moment, that no published or kept note names. */
  pendingMessages: number;
}

/** Counts of the HTTP and gRPC ports since the start of the gateway. */
export class ReceiverStats {
  readonly #requests = new Counts<{
    signal: Signal | 'none';
    protocol: Protocol;
    code: string;
  }>();
  readonly #latency = new Map<
    string,
    { signal: Signal; protocol: Protocol; histogram: Histogram }
  >();
  readonly #bytes = new Map<Signal, { received: number; scanned: number }>();

  answered(answer: {
    signal: Signal | undefined;
    protocol: Protocol;
    code: string;
    tookMs: number;
  }): void {
    const { signal, protocol, code } = answer;
    this.#requests.add({ signal: signal ?? 'none', protocol, code }, 1);
    if (signal) this.#latencyOf(signal, protocol).observe(answer.tookMs / 1_000);
  }

  bytes(signal: Signal, { received, scanned }: { received: number; scanned: number }): void {
    const entry = this.#bytes.get(signal) ?? { received: 0, scanned: 0 };
    entry.received += received;
    entry.scanned += scanned;
    this.#bytes.set(signal, entry);
  }

  stats(): Pick<GatewayStats, 'requests' | 'answerSeconds' | 'bodyBytes'> {
    return {
      requests: this.#requests.stats(),
      answerSeconds: [...this.#latency.values()].map(({ signal, protocol, histogram }) => ({
        signal,
        protocol,
        counts: histogram.stats(),
      })),
      bodyBytes: [...this.#bytes].map(([signal, bytes]) => ({ signal, ...bytes })),
    };
  }

  #latencyOf(signal: Signal, protocol: Protocol): Histogram {
    const key = `${signal}\n${protocol}`;
    let entry = this.#latency.get(key);
    if (!entry) {
      entry = { signal, protocol, histogram: new Histogram(answerBounds) };
      this.#latency.set(key, entry);
    }
    return entry.histogram;
  }
}
