import type { BatchLimits } from './read-tail.ts';
import type { TailTimes } from './tail-stream.ts';

/** Of what is sent at once: a client that reads nothing holds no more than that. */
export const tailBatchBytes = 65_536;

export const tailTimes: TailTimes = { lookMs: 500, heartbeatMs: 15_000, slowMs: 10_000 };

/** A hundred lines a second: nobody reads more. */
export const batchLimits: BatchLimits = { linesMax: 50, bytesMax: tailBatchBytes };
