import type { MessageId } from '@spillway/broker';
import type { SpilledRange, SpillNote } from '../facts.ts';

/** Says which spill a message waits in, of what every spill was last noted to hold. */
export class SpillIndex {
  /** Ranges by source, in order of `from`. */
  readonly #bySource = new Map<string, { range: SpilledRange; spill: string }[]>();

  constructor(spills: readonly Pick<SpillNote, 'spill' | 'waiting'>[]) {
    for (const { spill, waiting } of spills) {
      for (const range of waiting) {
        const lane = this.#bySource.get(sourceOf(range)) ?? [];
        this.#bySource.set(sourceOf(range), lane);
        lane.push({ range, spill });
      }
    }
    for (const lane of this.#bySource.values()) lane.sort((a, b) => a.range.from - b.range.from);
  }

  /** Undefined when it is in none. */
  spillOf(id: MessageId): string | undefined {
    const lane = this.#bySource.get(sourceOf(id)) ?? [];
    let [low, high] = [0, lane.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((lane[middle]?.range.from ?? 0) <= id.sequence) low = middle + 1;
      else high = middle;
    }
    const found = lane[low - 1];
    return found && found.range.to >= id.sequence ? found.spill : undefined;
  }
}

type MessageSource = Pick<SpilledRange, 'gateway' | 'epoch' | 'topic' | 'partition'>;

/** What numbers its messages in one row. */
export function sourceOf({ gateway, epoch, topic, partition }: MessageSource): string {
  return `${gateway}/${epoch}/${topic}/${partition}`;
}
