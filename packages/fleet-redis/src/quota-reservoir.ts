import { readFileSync } from 'node:fs';
import type { Client } from '@spillway/redis';
import type { Reservoir } from '@spillway/resilience';

const script = readFileSync(new URL('./lua/reservoir.lua', import.meta.url), 'utf8');
/** Redis forgets it after so long without a lease. */
const keptMs = 3_600_000;

export interface QuotaReservoirOptions {
  client: Client;
  /** Equal in all processes. */
  key: string;
  ratePerSecond: number;
  burst: number;
  /** 0 to 1: so much of what remains goes to one process at once, so that all find some. */
  share: () => number;
  /** Instead of the clock of Redis, ms since 1970; equal in all processes. */
  clock?: (() => number) | undefined;
}

/**
 * A token bucket in Redis, from which processes take parts. An answer that came too late is not given
 * back: so less is let in, never more.
 */
export class QuotaReservoir implements Reservoir {
  readonly #options: QuotaReservoirOptions;

  constructor(options: QuotaReservoirOptions) {
    this.#options = options;
  }

  async lease(wanted: number): Promise<number> {
    const { client, key, ratePerSecond, burst, share, clock } = this.#options;
    const args = [wanted, share(), ratePerSecond, burst, keptMs, clock?.() ?? ''];
    return Number(await client.run((redis) => redis.eval(script, 1, key, ...args)));
  }
}
