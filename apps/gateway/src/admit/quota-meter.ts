import type { Quota, QuotaLimit, Quotas } from '@spillway/resilience';
import type { GatewayConfig } from '../model/config.ts';
import { Refusal } from '../model/refusal.ts';

/** What a tenant took from one of its quotas; each number only grows. */
export interface QuotaStats {
  tenant: string;
  of: QuotaLimit['of'];
  /** Records or bytes, also of requests that were then not served. */
  spent: number;
  /** What was spent and then given back, as the request was not served or was smaller. */
  returned: number;
  refusedRequests: number;
}

/** One quota of one tenant, and its account. */
export class QuotaMeter {
  readonly limit: QuotaLimit;
  readonly #quota: Quota & { close(): void };
  #spent = 0;
  #returned = 0;
  #refusedRequests = 0;

  constructor(limit: QuotaLimit, quotas: Quotas) {
    this.limit = limit;
    this.#quota = quotas.open(limit);
  }

  /** Takes the amount, or takes nothing and says when it could. */
  tryTake(amount: number): Refusal | undefined {
    const retryAfterMs = this.#quota.tryTake(amount);
    if (retryAfterMs === 0) {
      this.#spent += amount;
      return undefined;
    }
    this.#refusedRequests += 1;
    const { tenant, of, ratePerSecond } = this.limit;
    const message = `tenant ${tenant} is above its quota of ${ratePerSecond} ${of} per second`;
    return new Refusal(`${of}-quota`, message, { retryAfterMs });
  }

  /** Below 0: returns what was taken. */
  spend(amount: number): void {
    if (amount > 0) {
      this.#quota.spend(amount);
      this.#spent += amount;
    } else if (amount < 0) {
      this.#quota.giveBack(-amount);
      this.#returned -= amount;
    }
  }

  /** Nothing is owed: forgetting it forgives nothing. */
  get isPaid(): boolean {
    return this.#quota.tryTake(0) === 0;
  }

  stats(): QuotaStats {
    const { tenant, of } = this.limit;
    return {
      tenant,
      of,
      spent: this.#spent,
      returned: this.#returned,
      refusedRequests: this.#refusedRequests,
    };
  }

  close(): void {
    this.#quota.close();
  }
}

/**
 * Finds the quota of a tenant; undefined without one. A tenant's own rate comes with its own burst.
 */
export function limitOf(
  config: GatewayConfig,
  tenant: string,
  of: QuotaLimit['of'],
): QuotaLimit | undefined {
  const own = config.tenants[tenant] ?? {};
  const ratePerSecond = own[`${of}PerSecondMax`] ?? config[`${of}PerSecondMax`];
  if (ratePerSecond === 0) return undefined;
  const isOwnRate = own[`${of}PerSecondMax`] !== undefined;
  const burst = own[`${of}Burst`] ?? (isOwnRate ? 0 : config[`${of}Burst`]);
  return { tenant, of, ratePerSecond, burst: burst || ratePerSecond };
}
