import type { Reservoir } from '@spillway/resilience';
import Bottleneck from 'bottleneck';

/** So much of what remains goes to one process at once, so that no other one finds it empty. */
const shareOfRest = 0.25;
const idleMs = 3_600_000;

export interface QuotaReservoirOptions {
  connection: Bottleneck.IORedisConnection;
  /** Equal in all processes. */
  id: string;
  /** What a refill brings. */
  amount: number;
  refillMs: number;
  timeoutMs: number;
}

/**
 * A clustered reservoir of Bottleneck, from which parts are taken by hand: a scheduled job costs
 * more than a millisecond of CPU.
 */
export class QuotaReservoir implements Reservoir {
  readonly #options: QuotaReservoirOptions;
  #limiter: Bottleneck | undefined;

  constructor(options: QuotaReservoirOptions) {
    this.#options = options;
  }

  async lease(wanted: number): Promise<number> {
    try {
      return await within(this.#options.timeoutMs, this.#take(wanted));
    } catch (error) {
      // Redis lost the reservoir, which Bottleneck does not see from Redis 7 on: made anew.
      if (/SETTINGS_KEY_NOT_FOUND|UNKNOWN_CLIENT/.test((error as Error).message)) {
        void this.#limiter?.disconnect(false);
        this.#limiter = undefined;
      }
      throw error;
    }
  }

  async #take(wanted: number): Promise<number> {
    const { amount } = this.#options;
    this.#limiter ??= this.#open();
    const rest = (await this.#limiter.currentReservoir()) ?? 0;
    const share = Math.ceil(Math.max(rest * shareOfRest, amount / 100));
    const asked = Math.min(wanted, share, Math.max(0, rest));
    if (asked === 0) return 0;
    const left = (await this.#limiter.incrementReservoir(-asked)) ?? 0;
    const missing = Math.min(asked, Math.max(0, -left));
    if (missing > 0) await this.#limiter.incrementReservoir(missing);
    return asked - missing;
  }

  #open(): Bottleneck {
    const { connection, id, amount, refillMs } = this.#options;
    const limiter = new Bottleneck({
      id,
      connection,
      datastore: 'ioredis',
      timeout: idleMs,
      reservoir: amount,
      reservoirRefreshAmount: amount,
      reservoirRefreshInterval: refillMs,
    });
    limiter.on('error', () => undefined); // Each lease that fails says so itself.
    return limiter;
  }
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no lease in ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
