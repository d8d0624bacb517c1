import type { Reservoir } from '@spillway/resilience';
import Bottleneck from 'bottleneck';

/** How often it is filled up. */
const stepMs = 250;
/** Redis forgets it after so long without a lease. */
const keptMs = 3_600_000;
/** Milliseconds without anything left: the clock of a process has run ahead and was put back. */
const stuckMs = 15_000;
/** Bottleneck would beat every 5 s for each limiter; here each lease does what a beat does. */
const heartbeat = { heartbeatInterval: 60_000, clientTimeout: 300_000 };

export interface QuotaReservoirOptions {
  connection: Bottleneck.IORedisConnection;
  /** Equal in all processes. */
  id: string;
  ratePerSecond: number;
  burst: number;
  /** 0 to 1: so much of what remains goes to one process at once, so that all find some. */
  share: () => number;
  timeoutMs: number;
}

/**
 * A clustered reservoir of Bottleneck, from which parts are taken by hand: a scheduled job costs
 * more than a millisecond of CPU. It is filled up every 250 ms by whoever asks first, and not by
 * Bottleneck's "refresh" every 5 s, which lets two refills pass within a moment.
 */
export class QuotaReservoir implements Reservoir {
  readonly #options: QuotaReservoirOptions;
  /** Redis counts whole numbers: small rates in thousandths. */
  readonly #scale: number;
  readonly #perStep: number;
  #limiter: Bottleneck | undefined;
  #emptySinceMs: number | undefined;
  #isStuck = false;

  constructor(options: QuotaReservoirOptions) {
    this.#options = options;
    this.#scale = options.ratePerSecond < 10_000 ? 1_000 : 1;
    this.#perStep = Math.max(1, this.#scaled((options.ratePerSecond * stepMs) / 1_000));
  }

  async lease(wanted: number): Promise<number> {
    const late = AbortSignal.timeout(this.#options.timeoutMs);
    try {
      return await within(late, this.#take(this.#scaled(wanted), late));
    } catch (error) {
      // Redis lost it, which Bottleneck does not see from Redis 7 on: it is made again.
      if (!/SETTINGS_KEY_NOT_FOUND|UNKNOWN_CLIENT/.test((error as Error).message)) throw error;
      this.close();
      return await within(late, this.#take(this.#scaled(wanted), late));
    }
  }

  /** Lets go of what is held for it here; the next lease takes it up again. */
  close(): void {
    const limiter = this.#limiter;
    this.#limiter = undefined;
    // Before it is ready, what it starts then would go on.
    const disconnect = (): void => void limiter?.disconnect(false);
    limiter?.ready().then(disconnect, () => undefined);
  }

  async #take(wanted: number, late: AbortSignal): Promise<number> {
    const limiter = this.#open();
    const rest = (await limiter.currentReservoir()) ?? 0;
    this.#watch(rest);
    const share = Math.max(rest * this.#options.share(), this.#perStep / 100);
    const asked = Math.floor(Math.min(wanted, share, rest));
    if (asked <= 0 || late.aborted) return 0;
    const left = (await limiter.incrementReservoir(-asked)) ?? 0;
    // Others took some in between, or nothing waits for it any more.
    const back = late.aborted ? asked : Math.min(asked, Math.max(0, -left));
    if (back > 0) await limiter.incrementReservoir(back);
    return (asked - back) / this.#scale;
  }

  #open(): Bottleneck {
    if (this.#limiter) return this.#limiter;
    const { connection, id, burst } = this.#options;
    const limiter = new Bottleneck({
      id,
      connection,
      datastore: 'ioredis',
      timeout: keptMs,
      clearDatastore: this.#isStuck,
      reservoir: this.#perStep,
      reservoirIncreaseInterval: stepMs,
      reservoirIncreaseAmount: this.#perStep,
      reservoirIncreaseMaximum: Math.max(this.#perStep, this.#scaled(burst)),
      ...heartbeat,
    });
    this.#isStuck = false;
    limiter.on('error', () => undefined); // Each lease that fails says so itself.
    limiter.ready().catch(() => {
      if (this.#limiter === limiter) this.#limiter = undefined;
    });
    this.#limiter = limiter;
    return limiter;
  }

  #watch(rest: number): void {
    if (rest >= 1) this.#emptySinceMs = undefined;
    else this.#emptySinceMs ??= Date.now();
    if (this.#emptySinceMs === undefined || Date.now() - this.#emptySinceMs < stuckMs) return;
    this.#emptySinceMs = undefined;
    this.#isStuck = true;
    this.close();
  }

  #scaled(amount: number): number {
    return Math.round(amount * this.#scale);
  }
}

function within<T>(late: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onLate = (): void => reject(late.reason);
    late.addEventListener('abort', onLate, { once: true });
    work.then(resolve, reject).finally(() => late.removeEventListener('abort', onLate));
  });
}
