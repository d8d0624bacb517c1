import { type PartitionLag, partitionName } from '@spillway/broker';
import type { KeptNotedMessage } from '@spillway/ledger';

/**
 * What was removed from the log, and no more of it than the log says it removed before the group
 * read it: what the group passed and never stored is lost, and stays so when the log has forgotten
 * it. Counted over all ranges of an audit.
 */
export class ExpiredMessages {
  readonly #left = new Map<string, number>();

  /**
   * Those of the messages that expired, of one partition.
   * @param unseen noted, and found nowhere
   */
  take(unseen: readonly KeptNotedMessage[], lag: PartitionLag | undefined): KeptNotedMessage[] {
    if (!lag || lag.start === null) return [];
    const { group, start, expired } = lag;
    const name = `${group}/${partitionName(lag)}`;
    const left = this.#left.get(name) ?? expired;
    const isGone = ({ position }: KeptNotedMessage) => position !== undefined && position < start;
    const gone = unseen.filter(isGone).slice(0, left);
    this.#left.set(name, left - gone.length);
    return gone;
  }
}
