import {
  deadLetterTopicOf,
  type ExpiredKept,
  messageName,
  type PartitionLag,
  partitionName,
  resubmitGateway,
} from '@spillway/broker';
import type { DeadLetter } from '@spillway/dead-letters';
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

/** What is known of one group. */
export interface ExpiryFacts {
  applied: readonly AppliedMessage[];
  waiting: readonly Observation[];
  /** Dead letters of the group that are there, resubmitted or not. */
  deadLetters: readonly Pick<DeadLetter, 'sourceId' | 'records'>[];
  /** By partition, as they were before the dead letters were read. */
  lags: ReadonlyMap<string, PartitionLag>;
  removed: RemovedDeadLetters;
}

/**
 * Finds records that became dead letters and are in none any more, since retention removed it. The
 * store remembers how many of a message were refused, and a message is committed behind its dead
 * letters. Those that were sent back before are not among them: they are where they were sent. What
 * retention cannot have removed is left out: it is lost.
 */
export function expiredDeadLetters(facts: ExpiryFacts): Observation[] {
  const { applied, deadLetters, lags, removed } = facts;
  const kept = new Map<string, number>();
  for (const { sourceId, records } of deadLetters) add(kept, messageName(sourceId), records);
  const sentBack = sentBackOf(facts);
  return applied.flatMap((message) => {
    const { id, tenant, signal, minute, deadLettered, position } = message;
    const { committed = null } = lags.get(partitionName(id)) ?? {};
    // One that is not committed may be on its way to the dead letters.
    if (committed === null || position >= committed) return [];
    const missing = deadLettered - (kept.get(messageName(id)) ?? 0);
    const back = Math.min(missing, sentBack.get(placeOf(message)) ?? 0);
    if (back > 0) add(sentBack, placeOf(message), -back);
    const found = { id, tenant, signal, minute, records: missing - back };
    return found.records > 0 && removed.take(found) ? [found] : [];
  });
}

/** Records of resubmitted dead letters that are gone: of which message they were is gone, too. */
function sentBackOf({ applied, waiting, removed }: ExpiryFacts): Map<string, number> {
  const byName = new Map<string, Observation>();
  for (const message of [...waiting, ...applied]) {
    const { gateway, sequence } = message.id;
    if (gateway !== resubmitGateway || !removed.has(message, sequence)) continue;
    byName.set(messageName(message.id), message);
  }
  const sentBack = new Map<string, number>();
  for (const message of byName.values()) add(sentBack, placeOf(message), message.records);
  return sentBack;
}

/** A resubmitted dead letter keeps the bucket and the partition of the message that it was cut from. */
function placeOf({ tenant, signal, minute, id: { partition } }: Observation): string {
  return `${tenant}\n${signal}\n${minute}\n${partition}`;
}

function add(sums: Map<string, number>, name: string, records: number): void {
  sums.set(name, (sums.get(name) ?? 0) + records);
}
