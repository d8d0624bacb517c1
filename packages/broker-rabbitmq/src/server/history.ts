/** What a publisher reports: how many messages it has published since it started, by partition. */
export interface PublishedCounts {
  kind: 'counts';
  publisher: string;
  counts: Record<string, number>;
  /** An answer to who asked, as of its last report: what is new in it was not seen growing. */
  isAnswer: boolean;
}

export interface AskForCounts {
  kind: 'who';
}

interface Sample {
  atMs: number;
  /** Published until then, by all, since the first sample. */
  total: number;
}

const samplesMax = 1_024;
/** An age is known within this part of it. */
const ageStepsMin = 50;

/**
 * How many messages were published until when, by partition, as far as it was listened to. A
 * queue cannot be asked for its oldest message; but what waits in it are the last ones published.
 */
export class PublishHistory {
  readonly #seen = new Map<string, number>();
  readonly #samples = new Map<string, Sample[]>();

  note({ publisher, counts, isAnswer }: PublishedCounts, nowMs: number): void {
    for (const [partition, count] of Object.entries(counts)) {
      const key = `${publisher}/${partition}`;
      const before = this.#seen.get(key) ?? (isAnswer ? count : 0);
      this.#seen.set(key, count);
      this.#add(partition, count - before, nowMs);
    }
  }

  /**
   * When the oldest of the last `waiting` messages was published, within one sampling step.
   * Undefined when that was before it was listened to.
   */
  oldestMs(partition: string, waiting: number): number | undefined {
    const samples = this.#samples.get(partition) ?? [];
    const total = samples.at(-1)?.total ?? 0;
    const before = samples.findLastIndex((sample) => sample.total <= total - waiting);
    return before < 0 ? undefined : samples[before + 1]?.atMs;
  }

  #add(partition: string, published: number, atMs: number): void {
    const samples = this.#samples.get(partition) ?? [{ atMs, total: 0 }];
    if (published > 0) samples.push({ atMs, total: (samples.at(-1)?.total ?? 0) + published });
    this.#samples.set(partition, samples.length > samplesMax ? thinned(samples, atMs) : samples);
  }
}

/** The older a sample, the further it may be from the next; the oldest go if that is not enough. */
function thinned(samples: readonly Sample[], nowMs: number): Sample[] {
  const kept: Sample[] = [];
  samples.forEach((sample, i) => {
    const gapMs = (samples[i + 1]?.atMs ?? Number.POSITIVE_INFINITY) - (kept.at(-1)?.atMs ?? -1);
    const isNeeded = kept.length === 0 || gapMs > (nowMs - sample.atMs) / ageStepsMin;
    if (isNeeded) kept.push(sample);
  });
  return kept.slice(-samplesMax / 2);
}
