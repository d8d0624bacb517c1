import type { Quota, Reservoir } from './quota.ts';

/** Options of a quota that is spent from leases. */
export interface LeasedQuotaOptions {
  reservoir: Reservoir;
  /** Rate of all processes together. */
  ratePerSecond: number;
  /** What all processes together may spend at once after a quiet time. */
  burst: number;
  /** 0 to 1: the part of this process, 1 by their number. */
  share: () => number;
  /** Monotonic milliseconds. */
  nowMs: () => number;
}

/** A process leases for so long ahead, at its share of the rate: half of it lies with processes. */
const leaseMs = 250;
/** How often a reservoir is asked again that gave less than was wanted, or did not answer. */
const askAgainMs = 125;

/**
 * Spends locally, in nanoseconds, what it leases from a shared reservoir ahead of need, one call at
 * a time and none without need. Without the reservoir it grants itself its share of the rate.
 */
export class LeasedQuota implements Quota {
  readonly #options: LeasedQuotaOptions;
  #tokens: number;
  /** Spent before the first lease came. */
  #owed: number;
  #leased = 0;
  #isAsking = false;
  #isShort = false;
  #askedMs = Number.NEGATIVE_INFINITY;
  /** Up to when it has granted itself its share; undefined while the reservoir answers. */
  #ownUntilMs: number | undefined;

  constructor(options: LeasedQuotaOptions) {
    this.#options = options;
    this.#tokens = this.#part;
    this.#owed = this.#tokens;
  }

  /** True while it spends its own share, because the reservoir does not answer. */
  get isAway(): boolean {
    return this.#ownUntilMs !== undefined;
  }

  /** What the reservoir gave so far. */
  get leased(): number {
    return this.#leased;
  }

  tryTake(amount: number): number {
    this.#takeOwn();
    const part = this.#part;
    // More than a part is taken from a full one, as a debt: it would never fit otherwise.
    const needed = Math.min(amount, part);
    const isTaken = this.#tokens >= needed;
    if (isTaken) this.#tokens -= amount;
    if (this.#tokens < part) this.#ask();
    return isTaken ? 0 : this.#waitMs(needed);
  }

  spend(amount: number): void {
    this.#takeOwn();
    this.#tokens -= amount;
    if (this.#tokens < this.#part) this.#ask();
  }

  giveBack(amount: number): void {
    const { burst } = this.#options;
    this.#tokens = Math.min(this.#tokens + amount, Math.max(this.#tokens, 2 * this.#part, burst));
  }

  get #part(): number {
    const { ratePerSecond, share } = this.#options;
    return (ratePerSecond * share() * leaseMs) / 1_000;
  }

  /** Who found the reservoir short shares it with others that want all of theirs. */
  #waitMs(needed: number): number {
    const { ratePerSecond, share } = this.#options;
    const isAlone = !this.#isShort && !this.isAway;
    const ratePerMs = (ratePerSecond * (isAlone ? 1 : share())) / 1_000;
    return Math.max(1, Math.ceil((needed - this.#tokens) / ratePerMs));
  }

  #ask(): void {
    const { reservoir, nowMs } = this.#options;
    if (this.#isAsking) return;
    const now = nowMs();
    if ((this.#isShort || this.isAway) && now - this.#askedMs < askAgainMs) return;
    this.#isAsking = true;
    this.#askedMs = now;
    const wanted = this.#owed + 2 * this.#part - this.#tokens;
    reservoir
      .lease(wanted)
      .then((granted) => this.#take(granted, wanted))
      .catch(() => {
        this.#ownUntilMs ??= now;
      })
      .finally(() => {
        this.#isAsking = false;
      });
  }

  #take(granted: number, wanted: number): void {
    this.#ownUntilMs = undefined;
    this.#leased += granted;
    this.#isShort = granted < wanted;
    const paid = Math.min(granted, this.#owed);
    this.#owed -= paid;
    this.#tokens += granted - paid;
  }

  /** While the reservoir is away: the share of the time that has passed. */
  #takeOwn(): void {
    if (this.#ownUntilMs === undefined) return;
    const { nowMs, ratePerSecond, burst, share } = this.#options;
    const now = nowMs();
    const own = (ratePerSecond * share() * (now - this.#ownUntilMs)) / 1_000;
    const most = Math.max(this.#tokens, burst * share(), 2 * this.#part);
    this.#tokens = Math.min(this.#tokens + own, most);
    this.#ownUntilMs = now;
  }
}
