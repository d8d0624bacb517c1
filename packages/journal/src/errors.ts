/** Why a journal could not be opened, read or closed. Refusals of an append are values instead. */
export type JournalErrorCode =
  /** Another owner holds the folder. */
  | 'locked'
  /** The folder was written by a newer release; nothing was touched. */
  | 'newer-version'
  /** The folder's format file belongs to another program, or cannot be read. */
  | 'not-a-journal'
  | 'closed'
  /** The operating system failed; see `cause`. */
  | 'io';

/** An expected failure of a journal; its code is stable. */
export class JournalError extends Error {
  readonly code: JournalErrorCode;

  constructor(code: JournalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'JournalError';
    this.code = code;
  }
}

/** ENOSPC and EDQUOT pass when space is freed; nothing is broken. */
export function isNoSpace(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

export function isNotFound(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
