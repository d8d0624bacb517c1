import type { LagBoard, PartitionLag } from '@spillway/broker';
import type { Groups } from '../ports.ts';
import type { Behind, Fresh } from '../schema/fresh.ts';

export interface FreshnessOptions {
  lagBoard: Pick<LagBoard, 'read'>;
  groups: Groups;
}

/** A reading that is older says nothing about what an answer may lack. */
const freshMs = 5_000;

export type GroupPartitions = readonly PartitionLag[] | undefined;

/** How far each group is behind the log. What cannot be known is null, never zero. */
export class Freshness {
  readonly #options: FreshnessOptions;

  constructor(options: FreshnessOptions) {
    this.#options = options;
  }

  /** `store` is the one that answers; undefined: the slowest counts. */
  async of(store: keyof Groups | undefined): Promise<Fresh> {
    const lags = await this.lags();
    const behind: Behind = {
      search: secondsBehind(lags.search),
      live: secondsBehind(lags.live),
      writer: secondsBehind(lags.writer),
    };
    const behindSeconds = store ? behind[store] : slowest(Object.values(behind));
    return { behindSeconds, behind };
  }

  /** Undefined for a group whose lag is not known now. */
  async lags(): Promise<Record<keyof Groups, GroupPartitions>> {
    const { lagBoard, groups } = this.#options;
    const reading = await lagBoard.read();
    const of = (name: string): GroupPartitions => {
      const found = reading.groups.find(({ group }) => group === name);
      return found && !found.error && found.ageMs < freshMs ? found.partitions : undefined;
    };
    return { writer: of(groups.writer), search: of(groups.search), live: of(groups.live) };
  }
}

/** The oldest uncommitted message of any partition; null when one of them is not known. */
function secondsBehind(lag: GroupPartitions): number | null {
  if (!lag?.length) return null;
  return slowest(lag.map((partition) => partition.seconds));
}

function slowest(seconds: readonly (number | null)[]): number | null {
  let most = 0;
  for (const value of seconds) {
    if (value === null) return null;
    most = Math.max(most, value);
  }
  return most;
}
