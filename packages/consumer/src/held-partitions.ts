import { partitionName, type TopicPartition } from '@spillway/broker';
import type { MessageOutcome } from '@spillway/store';
import type { Item } from './decode-message.ts';

export interface Retry {
  /** Of the first message of the partition that must be handed over again. */
  position: number;
  afterMs: number;
  reason: string;
}

/** By partition: the first message of which the sink wants a record again. */
export function firstRetries(
  items: readonly Item[],
  outcomes: ReadonlyMap<Item, MessageOutcome>,
): Map<string, Retry> {
  const retries = new Map<string, Retry>();
  for (const item of items) {
    const name = partitionName(item);
    const wanted = outcomes.get(item)?.records.find(({ status }) => status === 'retry');
    if (wanted?.status !== 'retry' || retries.has(name)) continue;
    retries.set(name, { position: item.position, afterMs: wanted.afterMs, reason: wanted.reason });
  }
  return retries;
}

/**
 * Partitions whose next message the sink wanted later. Nothing behind it is handed over before it,
 * so the order of a partition holds; other partitions go on.
 */
export class HeldPartitions {
  readonly #held = new Map<string, { items: Item[]; dueMs: number }>();

  get size(): number {
    return this.#held.size;
  }

  /** What may go to the sink now: everything polled, but nothing behind what is not due yet. */
  admit(polled: readonly Item[], nowMs: number): Item[] {
    const due: Item[] = [];
    for (const held of this.#held.values()) if (held.dueMs <= nowMs) due.push(...held.items);
    for (const item of polled) {
      const held = this.#held.get(partitionName(item));
      if (held && held.dueMs > nowMs) held.items.push(item);
      else due.push(item);
    }
    return due;
  }

  hold(partition: TopicPartition, items: Item[], dueMs: number): void {
    this.#held.set(partitionName(partition), { items, dueMs });
  }

  clear(): void {
    this.#held.clear();
  }

  /** True when it was held. */
  release(partition: TopicPartition): boolean {
    return this.#held.delete(partitionName(partition));
  }
}
