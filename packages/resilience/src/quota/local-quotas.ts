import type { Quota, QuotaLimit, Quotas, QuotasStats } from './quota.ts';
import { TokenBucket } from './token-bucket.ts';

/** Quotas of this process alone. */
export class LocalQuotas implements Quotas {
  readonly #nowMs: () => number;

  /** `nowMs`: monotonic milliseconds. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  open({ ratePerSecond, burst }: QuotaLimit): Quota & { close(): void } {
    const bucket = new TokenBucket({ ratePerSecond, burst, nowMs: this.#nowMs });
    return Object.assign(bucket, { close: () => undefined });
  }

  stats(): QuotasStats {
    return { localShare: undefined, leased: [] };
  }
}
