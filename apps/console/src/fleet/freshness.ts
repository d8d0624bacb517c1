import type { LagBoard, PartitionLag } from '@spillway/broker';
import type { SinkSpec } from '@spillway/ledger';
import type { Fresh } from '../schema/fresh.ts';

/** Where lag is read, and the sinks whose lag it is. */
export interface FreshnessOptions {
  lagBoard: Pick<LagBoard, 'read'>;
  sinks: readonly SinkSpec[];
}

/** A reading that is older says nothing about what an answer may lack. */
const freshMs = 5_000;

type GroupPartitions = readonly PartitionLag[] | undefined;

/** The lag of one sink, partition by partition. */
export interface SinkLag {
  sink: SinkSpec;
  /** Undefined where the lag is not known now. */
  partitions: GroupPartitions;
  /** How long ago it was read, in milliseconds; 0 where it is not known. */
  ageMs: number;
}

/** How far each sink is behind the log. What cannot be known is null, never zero. */
export class Freshness {
  readonly #options: FreshnessOptions;

  constructor(options: FreshnessOptions) {
    this.#options = options;
  }

  /**
   * Reads how far an answer is behind. `sink` names the one whose store answers; undefined: the
   * slowest counts.
   */
  async of(sink: string | undefined): Promise<Fresh> {
    const lags = await this.lags();
    const behind = Object.fromEntries(
      lags.map(({ sink, partitions }) => [sink.name, secondsBehind(partitions)]),
    );
    const behindSeconds = sink ? (behind[sink] ?? null) : slowest(Object.values(behind));
    return { behindSeconds, behind };
  }

  /** Reads the lag of every sink, in the order in which they are declared. */
  async lags(): Promise<SinkLag[]> {
    const { lagBoard, sinks } = this.#options;
    const reading = await lagBoard.read();
    return sinks.map((sink) => {
      const found = reading.groups.find(({ group }) => group === sink.group);
      const isKnown = found && !found.error && found.ageMs < freshMs;
      return isKnown
        ? { sink, partitions: found.partitions, ageMs: found.ageMs }
        : { sink, partitions: undefined, ageMs: 0 };
    });
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
