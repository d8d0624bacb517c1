/** What became of an append. Refusals are values: certainly not in the log. */
export type AppendOutcome =
  /** Where the first entry is; the others follow without a gap, in the sequence and in the file. */
  | { status: 'durable'; sequence: number; offset: number }
  | { status: 'refused'; code: AppendRefusal; retryable: boolean; message: string }
  /** After a failed fsync that could not be undone: a later open may find the entries. */
  | { status: 'unknown'; message: string };

/** Why an append was refused. */
export type AppendRefusal =
  /** Too many bytes wait for the disk. */
  | 'busy'
  /** `bytesMax` is reached and nothing was deleted. */
  | 'full'
  /** ENOSPC or EDQUOT. */
  | 'disk-full'
  /** Larger than `entryBytesMax`: never taken. */
  | 'too-large'
  /** The disk failed. */
  | 'io'
  | 'closed';

export function refused(code: AppendRefusal, message: string): AppendOutcome {
  return { status: 'refused', code, retryable: code !== 'too-large', message };
}
