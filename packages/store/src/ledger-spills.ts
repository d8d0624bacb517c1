import type { MessageId } from '@spillway/broker';
import type { SpilledRange, SpillNote } from './ledger.ts';

/** Says which spill a message waits in, of what every spill was last told to hold. */
export class SpillIndex {
  /** By lane, in order of `from`. */
  readonly #byLane = new Map<string, { range: SpilledRange; spill: string }[]>();

  constructor(spills: readonly Pick<SpillNote, 'spill' | 'waiting'>[]) {
    for (const { spill, waiting } of spills) {
      for (const range of waiting) {
        const lane = this.#byLane.get(laneOf(range)) ?? [];
        this.#byLane.set(laneOf(range), lane);
        lane.push({ range, spill });
      }
    }
    for (const lane of this.#byLane.values()) lane.sort((a, b) => a.range.from - b.range.from);
  }

  /** Undefined when it is in none. */
  spillOf(id: MessageId): string | undefined {
    const lane = this.#byLane.get(laneOf(id)) ?? [];
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

type Lane = Pick<SpilledRange, 'gateway' | 'epoch' | 'topic' | 'partition'>;

/** What numbers its messages in one row. */
export function laneOf({ gateway, epoch, topic, partition }: Lane): string {
  return `${gateway}/${epoch}/${topic}/${partition}`;
}
