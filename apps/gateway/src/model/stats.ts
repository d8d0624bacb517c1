import type { Signal } from '@spillway/otlp';
import type { RecordStats } from '../publish/accounting.ts';
import type { SignalPublisherStats } from '../publish/signal-publisher.ts';
import type { SpilloverStats } from '../publish/spillover.ts';
import { Counts, Histogram, type HistogramStats } from './counters.ts';

/** The protocols that a request can come by. */
export type Protocol = 'http-protobuf' | 'http-json' | 'grpc';

/** Bounded: signals, protocols and codes are closed lists, tenants come from the keys file. */
export interface GatewayStats extends RecordStats {
  /** `code` is `ok`, `partial` or a refusal's code. */
  requests: { signal: Signal | 'none'; protocol: Protocol; code: string; count: number }[];
  /** From start to answer. */
  latencyMs: ({ signal: Signal; protocol: Protocol } & HistogramStats)[];
  /** Bodies as sent, and after decompression and transcoding. */
  bodyBytes: { signal: Signal; received: number; scanned: number }[];
  inFlight: { requests: number; bytes: number };
  /** Tenants with a quota: what they spent, and the requests that it refused. */
  quotas: { tenant: string; of: 'records' | 'bytes'; spent: number; refused: number }[];
  /** Waiting for the broker or on their way to it. */
  queueBytes: number;
  publishMessages: HistogramStats;
  publishBytes: HistogramStats;
  publishMs: HistogramStats;
  /** One for each signal: its breaker, its retries, and its partitions by state. */
  signals: SignalPublisherStats[];
  /** Undefined without a spill. */
  spill: SpilloverStats | undefined;
  notes: { published: number; failed: number; pendingMessages: number };
  connections: { http: number; grpc: number };
}

const latencyBoundsMs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 8000];

/** What the doors count. */
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
    if (signal) this.#latencyOf(signal, protocol).observe(answer.tookMs);
  }

  bytes(signal: Signal, { received, scanned }: { received: number; scanned: number }): void {
    const entry = this.#bytes.get(signal) ?? { received: 0, scanned: 0 };
    entry.received += received;
    entry.scanned += scanned;
    this.#bytes.set(signal, entry);
  }

  stats(): Pick<GatewayStats, 'requests' | 'latencyMs' | 'bodyBytes'> {
    return {
      requests: this.#requests.stats(),
      latencyMs: [...this.#latency.values()].map(({ signal, protocol, histogram }) => ({
        signal,
        protocol,
        ...histogram.stats(),
      })),
      bodyBytes: [...this.#bytes].map(([signal, bytes]) => ({ signal, ...bytes })),
    };
  }

  #latencyOf(signal: Signal, protocol: Protocol): Histogram {
    const key = `${signal}\n${protocol}`;
    let entry = this.#latency.get(key);
    if (!entry) {
      entry = { signal, protocol, histogram: new Histogram(latencyBoundsMs) };
      this.#latency.set(key, entry);
    }
    return entry.histogram;
  }
}
