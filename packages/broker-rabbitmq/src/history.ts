/** What a publisher tells: how many messages it has published since it started, by partition. */
export interface PublishedCounts {
  kind: 'counts';
  publisher: string;
  counts: Record<string, number>;
  /** An answer to who asked, as of when it last told: what is new in it was not seen growing. */
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
    // Coarser, not shorter.
    const isKept = (_: Sample, i: number): boolean => i % 2 === 0 || i === samples.length - 1;
    this.#samples.set(partition, samples.length > samplesMax ? samples.filter(isKept) : samples);
  }
}
