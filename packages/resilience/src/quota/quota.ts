/** What may be spent per time; a `TokenBucket` is one, too. */
export interface Quota {
  /** Takes the amount and returns 0, or takes nothing and returns the milliseconds to wait. */
  tryTake(amount: number): number;
  /** Takes the amount in any case: the next taker waits. */
  spend(amount: number): void;
  /** Returns what was taken for work that then did not happen. */
  giveBack(amount: number): void;
}

/** Rate and burst of a quota. */
export interface QuotaLimit {
  tenant: string;
  of: 'records' | 'bytes';
  ratePerSecond: number;
  /** What may be spent at once after a quiet time. */
  burst: number;
}

/** Counts of what quotas allowed and refused. */
export interface QuotasStats {
  /** 0 to 1: what this process grants itself while the shared quotas are away; undefined else. */
  localShare: number | undefined;
  /** Leased from the shared quotas so far. */
  leased: { tenant: string; of: QuotaLimit['of']; amount: number }[];
}

/** The source of quotas: this process, or what all processes share. */
export interface Quotas {
  /** A new one for each call. Spending from it never waits. */
  open(limit: QuotaLimit): Quota & { close(): void };
  stats(): QuotasStats;
}

/** Filled up steadily and shared by many processes. */
export interface Reservoir {
  /** Takes up to `wanted`, answers how much it got; rejects in a bounded time. */
  lease(wanted: number): Promise<number>;
}
