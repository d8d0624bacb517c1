import { partitionName, type TopicPartition } from '@spillway/broker';
import type { MessageOutcome } from '@spillway/store';
import type { InFlightMessage } from './in-flight-message.ts';

export interface Retry {
  /** Position of the first message of the partition that must be handed over again. */
  position: number;
  afterMs: number;
  reason: string;
}

/** Finds, by partition, the first message that the sink wants again, or was not asked about. */
export function firstRetries(
  items: readonly InFlightMessage[],
  outcomes: ReadonlyMap<InFlightMessage, MessageOutcome>,
  unasked: Omit<Retry, 'position'>,
): Map<string, Retry> {
  const retries = new Map<string, Retry>();
  for (const item of items) {
    const name = partitionName(item);
    if (retries.has(name)) continue;
    const { position } = item;
    const outcome = outcomes.get(item);
    const wanted = outcome?.records.find(({ status }) => status === 'retry');
    if (wanted?.status === 'retry') {
      retries.set(name, { position, afterMs: wanted.afterMs, reason: wanted.reason });
    } else if (item.isRelevant && !outcome) retries.set(name, { position, ...unasked });
  }
  return retries;
}

interface Held {
  items: InFlightMessage[];
  dueMs: number;
  /** How often in a row its first message was wanted later. */
  times: number;
}

/**
 * What was polled and is not done, by partition and in order. A partition whose next message the
 * sink wanted later waits with all that stands behind it; other partitions go on.
 */
export class InFlight {
  readonly #held = new Map<string, Held>();
  #turn = 0;

  get bytes(): number {
    let bytes = 0;
    for (const { items } of this.#held.values()) {
      for (const { value } of items) bytes += value.byteLength;
    }
    return bytes;
  }

  /** Partitions that wait. */
  get waiting(): number {
    return [...this.#held.values()].filter(({ times }) => times > 0).length;
  }

  isWaiting(partition: TopicPartition): boolean {
    return (this.#held.get(partitionName(partition))?.times ?? 0) > 0;
  }

  add(polled: readonly InFlightMessage[]): void {
    for (const [name, items] of Map.groupBy(polled, partitionName)) {
      const held = this.#held.get(name);
      if (held) held.items.push(...items);
      else this.#held.set(name, { items, dueMs: 0, times: 0 });
    }
  }

  get items(): InFlightMessage[] {
    return [...this.#held.values()].flatMap(({ items }) => items);
  }

  /** What may go to the sink now; each time another partition is first, since not all may fit. */
  due(nowMs: number): InFlightMessage[] {
    const due = [...this.#held.values()].filter(({ dueMs }) => dueMs <= nowMs);
    this.#turn += 1;
    const first = this.#turn % Math.max(1, due.length);
    return [...due.slice(first), ...due.slice(0, first)].flatMap(({ items }) => items);
  }

  /**
   * Takes messages of one partition, each time another one, up to the next message that the sink is
   * asked about.
   */
  probe(names: ReadonlySet<string>): InFlightMessage[] {
    const partitions = [...this.#held].filter(([name]) => names.has(name));
    this.#turn += 1;
    const items = partitions[this.#turn % partitions.length]?.[1].items ?? [];
    const next = items.findIndex(({ isRelevant }) => isRelevant);
    return next < 0 ? items : items.slice(0, next + 1);
  }

  /** Everything of the partition up to the position is done. */
  done(partition: TopicPartition, position: number): void {
    const name = partitionName(partition);
    const items = this.#held.get(name)?.items.filter((item) => item.position > position) ?? [];
    if (items.length) this.#held.set(name, { items, dueMs: 0, times: 0 });
    else this.#held.delete(name);
  }

  /** Not before `dueMs(times)`, of how often in a row it waits now. False when it is not in flight. */
  hold(partition: TopicPartition, dueMs: (times: number) => number): boolean {
    const held = this.#held.get(partitionName(partition));
    if (!held) return false;
    held.times += 1;
    held.dueMs = dueMs(held.times);
    return true;
  }

  drop(name: string): void {
    this.#held.delete(name);
  }

  clear(): void {
    this.#held.clear();
  }
}
