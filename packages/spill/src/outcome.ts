import type { AppendOutcome } from '@spillway/journal';

/** What became of an append: all of it durable, or none. Refusals may be tried again. */
export type SpillOutcome =
  | { status: 'durable' }
  | { status: 'refused'; code: SpillRefusal; message: string };

/** Why a spill took nothing. */
export type SpillRefusal =
  /** `bytesMax` or `indexBytesMax` is reached; it passes when something is drained. */
  | 'full'
  /** The volume has no space left. */
  | 'disk-full'
  /** Too many bytes wait for the disk. */
  | 'busy'
  | 'closed'
  /** The disk failed. Killed right now, the next owner might find the messages after all. */
  | 'io';

export function refuse(code: SpillRefusal, message: string): SpillOutcome {
  return { status: 'refused', code, message };
}

export function spillOutcome(outcome: AppendOutcome): SpillOutcome {
  if (outcome.status === 'durable') return { status: 'durable' };
  if (outcome.status === 'unknown') return refuse('io', outcome.message);
  // What is too large for the journal is larger than everything it may hold.
  return refuse(outcome.code === 'too-large' ? 'full' : outcome.code, outcome.message);
}
