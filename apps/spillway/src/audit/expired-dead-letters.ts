import {
  deadLetterTopicOf,
  type ExpiredKept,
  messageName,
  type PartitionLag,
  partitionName,
} from '@spillway/broker';
import { type AppliedMessage, minuteMs, type Observation } from '@spillway/ledger';

/**
 * What retention says that it removed of the dead letters, by partition of their topics. Each can
 * explain one dead letter that is missing, in one audit of however many windows.
 */
export class RemovedDeadLetters {
  readonly #known: ReadonlyMap<string, ExpiredKept>;
  readonly #taken = new Map<string, number>();

  constructor(known: ReadonlyMap<string, ExpiredKept>) {
    this.#known = known;
  }

  /** Whether the dead letter that stood at this position of the partition of the message is gone. */
  has({ signal, id: { partition } }: Observation, position: number): boolean {
    const name = partitionName({ topic: deadLetterTopicOf[signal], partition });
    return position < (this.#known.get(name)?.before ?? 0);
  }

  /** Whether one more can have been of this message. */
  take({ signal, id: { partition }, minute }: Observation): boolean {
    const name = partitionName({ topic: deadLetterTopicOf[signal], partition });
    const { before = 0, upToMs = 0 } = this.#known.get(name) ?? {};
    const taken = this.#taken.get(name) ?? 0;
    if (taken >= before || minute * minuteMs > upToMs) return false;
    this.#taken.set(name, taken + 1);
    return true;
  }
}

/** What is known of the dead letters of one group. */
export interface ExpiryFacts {
  applied: readonly AppliedMessage[];
  /** Dead letters of the group that are there, resubmitted or not; `id` is that of the message cut. */
  deadLetters: readonly Pick<Observation, 'id' | 'records'>[];
  /** Lag by partition, as it was before the dead letters were read. */
  lags: ReadonlyMap<string, PartitionLag>;
  removed: RemovedDeadLetters;
  sentBack: Pick<GoneRecords, 'take'>;
}

/**
 * Finds records that became dead letters and are in none any more, since retention removed it. The
 * store remembers how many of a message were refused, and a message is committed after
 * what it left there. Those that were sent back before are not among them: they are where they were sent. What
 * retention cannot have removed is left out: it is lost.
 */
export function expiredDeadLetters(facts: ExpiryFacts): Observation[] {
  const { applied, deadLetters, lags, removed, sentBack } = facts;
  const kept = new Map<string, number>();
  for (const { id, records } of deadLetters) addTo(kept, messageName(id), records);
  return applied.flatMap((message) => {
    const { id, tenant, signal, minute, deadLettered, position } = message;
    const { committed = null } = lags.get(partitionName(id)) ?? {};
    // One that is not committed may be on its way to the dead letters.
    if (committed === null || position >= committed) return [];
    const missing = deadLettered - (kept.get(messageName(id)) ?? 0);
    const records = missing - sentBack.take(message, missing);
    const found = { id, tenant, signal, minute, records };
    return records > 0 && removed.take(found) ? [found] : [];
  });
}

/**
 * Records of dead letters that were sent back and removed afterwards. Of which message they were cut
 * is gone with them, but not its tenant, signal, minute and partition.
 */
export class GoneRecords {
  readonly #records = new Map<string, number>();

  /** Adds those of a dead letter, as the message that it was sent back as. */
  add(resubmitted: Observation): void {
    addTo(this.#records, placeOf(resubmitted), resubmitted.records);
  }

  /** Takes as many as may be of this message, and at most so many; returns how many. */
  take(message: Observation, recordsMax: number): number {
    const taken = Math.max(0, Math.min(recordsMax, this.#records.get(placeOf(message)) ?? 0));
    if (taken > 0) addTo(this.#records, placeOf(message), -taken);
    return taken;
  }
}

function placeOf({ tenant, signal, minute, id: { partition } }: Observation): string {
  return `${tenant}\n${signal}\n${minute}\n${partition}`;
}

function addTo(sums: Map<string, number>, name: string, records: number): void {
  sums.set(name, (sums.get(name) ?? 0) + records);
}
