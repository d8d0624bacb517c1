import type { BatchLimits } from './read-tail.ts';
import type { TailTimes } from './tail-stream.ts';

/**
 * Bytes of the lines that are sent at once: for a client that does not read, no more than that is
 * held.
 */
export const tailBatchBytes = 65_536;

/** How often a live tail is read, and how long a client may leave it unread. */
export const tailTimes: TailTimes = { lookMs: 500, heartbeatMs: 15_000, slowMs: 10_000 };

/** At two looks a second, a hundred lines a second: a person reads no more. */
export const batchLimits: BatchLimits = { linesMax: 50, bytesMax: tailBatchBytes };
