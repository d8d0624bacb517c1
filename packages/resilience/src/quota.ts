/** What may be spent per time; a `TokenBucket` is one, too. */
export interface Quota {
  /** Takes the amount and returns 0, or takes nothing and returns the milliseconds to wait. */
  tryTake(amount: number): number;
  /** Takes the amount in any case: the next taker waits. */
  spend(amount: number): void;
  /** Returns what was taken for work that then did not happen. */
  giveBack(amount: number): void;
}

/** Filled up in steps and shared by many processes. */
export interface Reservoir {
  /** Takes up to `wanted`, answers how much it got; rejects in a bounded time. */
  lease(wanted: number): Promise<number>;
}

export interface LeasedQuotaOptions {
  reservoir: Reservoir;
  /** Of all processes together. */
  ratePerSecond: number;
  /** How often the reservoir is filled up with the rate of that time. */
  refillMs: number;
  /** 0 to 1: what this process may spend while the reservoir is away. */
  localShare: number;
  /** Monotonic milliseconds. */
  nowMs: () => number;
}

/** Of what a refill brings, the part that one lease asks for. */
const partsPerRefill = 40;
/** How often an empty reservoir, or one that is away, is asked again per refill. */
const asksPerRefill = 20;

/**
 * Spends locally, in nanoseconds, what it leases from a shared reservoir ahead of need, one call at
 * a time. A lease lasts until the next refill, so that nothing is saved up. Without the reservoir
 * it grants itself a share.
 */
export class LeasedQuota implements Quota {
  readonly #options: LeasedQuotaOptions;
  readonly #part: number;
  #tokens: number;
  /** Spent before the first lease came. */
  #owed: number;
  #leasedMs: number;
  #refillMs: number;
  #askMs = Number.NEGATIVE_INFINITY;
  #isAsking = false;
  #isAway = false;
  #wasEmpty = false;

  constructor(options: LeasedQuotaOptions) {
    this.#options = options;
    const { ratePerSecond, refillMs, nowMs } = options;
    this.#part = Math.max(1, (ratePerSecond * refillMs) / 1_000 / partsPerRefill);
    this.#tokens = this.#part;
    this.#owed = this.#part;
    this.#leasedMs = nowMs();
    this.#refillMs = nowMs() + refillMs;
  }

  /** True while it spends its own share, because the reservoir does not answer. */
  get isAway(): boolean {
    return this.#isAway;
  }

  tryTake(amount: number): number {
    this.#expire();
    // More than a part is taken from a full one, as a debt: it would never fit otherwise.
    const isTaken = this.#tokens >= Math.min(amount, this.#part);
    if (isTaken) this.#tokens -= amount;
    if (this.#tokens < this.#part) this.#ask(amount);
    return isTaken ? 0 : this.#waitMs();
  }

  spend(amount: number): void {
    this.#expire();
    this.#tokens -= amount;
    if (this.#tokens < this.#part) this.#ask(0);
  }

  giveBack(amount: number): void {
    this.#tokens += amount;
  }

  #waitMs(): number {
    const { nowMs, refillMs } = this.#options;
    const now = nowMs();
    while (this.#refillMs <= now) this.#refillMs += refillMs;
    return Math.ceil(this.#refillMs - now);
  }

  #expire(): void {
    if (this.#options.nowMs() - this.#leasedMs < this.#options.refillMs) return;
    this.#tokens = Math.min(this.#tokens, this.#part);
  }

  #ask(amount: number): void {
    const { reservoir, nowMs, refillMs } = this.#options;
    const isQuiet = this.#wasEmpty || this.#isAway;
    if (this.#isAsking || (isQuiet && nowMs() - this.#askMs < refillMs / asksPerRefill)) return;
    this.#isAsking = true;
    const debt = Math.max(0, -this.#tokens);
    const wanted = Math.ceil(this.#owed + debt + Math.max(this.#part, amount));
    reservoir
      .lease(wanted)
      .then((granted) => this.#take(granted, wanted))
      .catch(() => this.#takeOwn())
      .finally(() => {
        this.#isAsking = false;
        this.#askMs = nowMs();
      });
  }

  #take(granted: number, wanted: number): void {
    const { nowMs, refillMs } = this.#options;
    this.#isAway = false;
    if (this.#wasEmpty && granted > 0) this.#refillMs = nowMs() + refillMs;
    this.#wasEmpty = granted < Math.min(wanted, 1);
    const paid = Math.min(granted, this.#owed);
    this.#owed -= paid;
    this.#tokens += granted - paid;
    this.#leasedMs = nowMs();
  }

  /** The share of the time since it was last asked. */
  #takeOwn(): void {
    const { nowMs, refillMs, ratePerSecond, localShare } = this.#options;
    const sinceMs = this.#isAway ? Math.min(refillMs, nowMs() - this.#askMs) : refillMs / 20;
    this.#isAway = true;
    const share = (ratePerSecond * localShare * sinceMs) / 1_000;
    this.#tokens = Math.min(this.#tokens + share, Math.max(this.#part, share));
    this.#leasedMs = nowMs();
  }
}
