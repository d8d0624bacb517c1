interface Sample {
  atMs: number;
  amount: number;
}

/** Over so long the rate is measured, from samples at least so far apart. */
const windowMs = 30_000;
const apartMs = 900;
const shortestMs = 4_000;
const seriesMax = 2_000;

/**
 * Estimates how long until backlogs are gone, at the rate at which they shrank in the last 30 s.
 */
export class DrainTimes {
  readonly #series = new Map<string, Sample[]>();

  /**
   * Notes the size of a backlog. Returns seconds until it is gone; null while it does not shrink,
   * or was not watched for 4 s.
   */
  seconds(name: string, amount: number, nowMs: number): number | null {
    const samples = this.#watch(name, { atMs: nowMs, amount });
    if (amount === 0) return 0;
    // From the last peak on: what grew before it was not drained yet.
    const peak = samples.reduce((a, b) => (b.amount >= a.amount ? b : a));
    const tookMs = nowMs - peak.atMs;
    if (tookMs < shortestMs) return null;
    return (amount * tookMs) / (peak.amount - amount) / 1_000;
  }

  #watch(name: string, sample: Sample): readonly [Sample, ...Sample[]] {
    const known = this.#series.get(name) ?? [];
    const kept = known.filter(({ atMs }) => sample.atMs - atMs <= windowMs);
    const last = kept.at(-1);
    if (!last || sample.atMs - last.atMs >= apartMs) kept.push(sample);
    this.#series.delete(name);
    this.#series.set(name, kept);
    if (this.#series.size > seriesMax) this.#forgetOldest();
    return [sample, ...kept];
  }

  #forgetOldest(): void {
    for (const name of this.#series.keys()) {
      this.#series.delete(name);
      return;
    }
  }
}
