import type { Broker, PartitionLag } from '@spillway/broker';
import type { Behind, Fresh } from './answers.ts';
import type { Groups } from './ports.ts';
import { withTimeout } from './timeout.ts';

export interface FreshnessOptions {
  broker: Pick<Broker, 'lag'>;
  groups: Groups;
  clock: () => number;
}

/** The broker is asked at most this often, however many queries come. */
const keepMs = 1_000;
/** A broker that does not say it in time makes the lag unknown, not the query fail. */
const askMs = 2_000;

export type GroupLag = PartitionLag[] | undefined;

/** How far each group is behind the log. What cannot be known is null, never zero. */
export class Freshness {
  readonly #options: FreshnessOptions;
  #read: Promise<Record<keyof Groups, GroupLag>> | undefined;
  #readAtMs = 0;
  #isSilent = false;

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

  /** Undefined for a group whose lag the broker could not tell. */
  lags(): Promise<Record<keyof Groups, GroupLag>> {
    const nowMs = this.#options.clock();
    if (!this.#read || nowMs - this.#readAtMs >= keepMs) {
      this.#readAtMs = nowMs;
      const asked = this.#ask();
      // Who did not answer just now is not waited for again: the next query hears of it.
      if (!this.#read || !this.#isSilent) this.#read = asked;
      void asked.then((lags) => {
        this.#read = asked;
        this.#isSilent = Object.values(lags).includes(undefined);
      });
    }
    return this.#read;
  }

  async #ask(): Promise<Record<keyof Groups, GroupLag>> {
    const { broker, groups } = this.#options;
    const ask = (group: string): Promise<GroupLag> =>
      withTimeout(async () => broker.lag(group), askMs).catch(() => undefined);
    const [writer, search, live] = await Promise.all([
      ask(groups.writer),
      ask(groups.search),
      ask(groups.live),
    ]);
    return { writer, search, live };
  }
}

/** The oldest uncommitted message of any partition; null when one of them is not known. */
function secondsBehind(lag: GroupLag): number | null {
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
