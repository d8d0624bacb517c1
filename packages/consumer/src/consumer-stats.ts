import type { BreakerState } from '@spillway/resilience';
import type { MessageOutcome } from '@spillway/store';
import type { InFlightMessage } from './in-flight/in-flight-message.ts';

/** Since start, in records where nothing else is said. */
export interface ConsumerStats {
  messages: number;
  stored: number;
  duplicates: number;
  deadLettered: number;
  batches: number;
  retries: number;
}

/** What a consumer reports of itself. */
export interface ConsumerReport extends ConsumerStats {
  /** State of the breaker of the store. */
  breaker: BreakerState;
  /** Times that it opened. */
  breakerOpened: number;
  /** Partitions whose next message the store wants later. */
  partitionsHeld: number;
}

export function newStats(): ConsumerStats {
  return { messages: 0, stored: 0, duplicates: 0, deadLettered: 0, batches: 0, retries: 0 };
}

/** Adds a batch that was committed. */
export function count(
  stats: ConsumerStats,
  done: readonly InFlightMessage[],
  outcomes: ReadonlyMap<InFlightMessage, MessageOutcome>,
): void {
  stats.batches++;
  stats.messages += done.length;
  for (const item of done) {
    const { decoded, large } = item;
    stats.deadLettered += large?.counts.deadLettered ?? decoded?.broken.length ?? 0;
    stats.stored += large?.counts.stored ?? 0;
    stats.duplicates += large?.counts.duplicates ?? 0;
    for (const { status } of outcomes.get(item)?.records ?? []) {
      if (status === 'stored') stats.stored++;
      else if (status === 'duplicate') stats.duplicates++;
      else if (status === 'deadLetter') stats.deadLettered++;
    }
  }
}
