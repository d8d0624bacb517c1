import type { Signal } from '@spillway/otlp';
import { Bulkhead, type Quotas } from '@spillway/resilience';
import type { GatewayConfig } from '../model/config.ts';
import type { Refusal } from '../model/refusal.ts';
import { limitOf, QuotaMeter } from './quota-meter.ts';

/** A tenant alone may hold 58 % of what all share, and leaves the rest to who comes next. */
const share = 2;
/** How fast the records that are expected of a request follow those that came. */
const learning = 1 / 8;

export interface TenantAdmissionOptions {
  tenant: string;
  config: GatewayConfig;
  quotas: Quotas;
  /** Monotonic milliseconds. */
  nowMs: () => number;
}

/** What one tenant may: its quotas, and its bulkhead in each signal. */
export class TenantAdmission {
  readonly #options: TenantAdmissionOptions;
  readonly #records: QuotaMeter | undefined;
  readonly bytes: QuotaMeter | undefined;
  #all: Bulkhead | undefined;
  readonly #signals = new Map<Signal, Bulkhead>();
  /** Mean number of records in a request of this signal, from those that were scanned. */
  readonly #expected = new Map<Signal, number>();
  #usedMs = 0;

  constructor(options: TenantAdmissionOptions) {
    this.#options = options;
    const { tenant, config, quotas } = options;
    const meter = (of: 'records' | 'bytes'): QuotaMeter | undefined => {
      const limit = limitOf(config, tenant, of);
      return limit && new QuotaMeter(limit, quotas);
    };
    this.#records = meter('records');
    this.bytes = meter('bytes');
  }

  /**
   * Takes the bytes and as many records as such a request is expected to have: else a flood would
   * come in before the scan of its first request shows how many there are.
   */
  take(signal: Signal, bytes: number): Refusal | { records: number } {
    this.#usedMs = this.#options.nowMs();
    const records = this.#expected.get(signal) ?? 1;
    const refused = this.#records?.tryTake(records);
    if (refused) return refused;
    const refusedBytes = this.bytes?.tryTake(bytes);
    if (!refusedBytes) return { records };
    this.#records?.spend(-records);
    return refusedBytes;
  }

  /** Returns what was taken, or takes what came on top. */
  settle(difference: { records: number; bytes: number }): void {
    this.#records?.spend(difference.records);
    this.bytes?.spend(difference.bytes);
  }

  learn(signal: Signal, records: number): void {
    const before = this.#expected.get(signal) ?? records;
    this.#expected.set(signal, before + (records - before) * learning);
  }

  /** In all signals together, within what all tenants share. */
  ofAllSignals(shared: Bulkhead): Bulkhead {
    if (!this.#all) {
      const { tenant, nowMs } = this.#options;
      const most = Number.POSITIVE_INFINITY;
      const name = `tenant ${tenant}, its share of ${shared.name}`;
      const within = { bulkhead: shared, share };
      this.#all = new Bulkhead({ name, requestsMax: most, bytesMax: most, within, nowMs });
    }
    return this.#all;
  }

  /** In one signal, within what all tenants share of it. */
  ofSignal(signal: Signal, shared: Bulkhead): Bulkhead {
    let bulkhead = this.#signals.get(signal);
    if (!bulkhead) {
      const { tenant, config, nowMs } = this.#options;
      const { tenantSignalRequestsMax: requestsMax, tenantSignalBytesMax: bytesMax } = config;
      const name = `tenant ${tenant}, signal ${signal}`;
      const within = { bulkhead: shared, share };
      bulkhead = new Bulkhead({ name, requestsMax, bytesMax, within, nowMs });
      this.#signals.set(signal, bulkhead);
    }
    return bulkhead;
  }

  get meters(): QuotaMeter[] {
    return [this.#records, this.bytes].filter((meter) => meter !== undefined);
  }

  /** Whether it can be forgotten: nothing is in flight, nothing is owed. */
  isIdleSince(ms: number): boolean {
    const isEmpty = [...this.#signals.values()].every(({ requests }) => requests === 0);
    return this.#usedMs < ms && isEmpty && this.meters.every(({ isPaid }) => isPaid);
  }

  close(): void {
    for (const meter of this.meters) meter.close();
  }
}
