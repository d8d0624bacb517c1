/** Closed list: codes are metric labels. */
const messages = {
  unavailable: 'Redis does not answer',
  refused: 'Redis refused',
  'rebuild-under-way': 'a rebuild of the live store is under way',
  'rebuild-lost': 'the rebuild took too long between two steps, or another one began',
  'piece-missing': 'Redis lost the first part of a message while the rest was on its way',
} as const;

export type RedisStoreErrorCode = keyof typeof messages;

export class RedisStoreError extends Error {
  override readonly name = 'RedisStoreError';
  readonly code: RedisStoreErrorCode;

  constructor(code: RedisStoreErrorCode, detail?: string) {
    super(detail ? `${messages[code]}: ${detail}` : messages[code]);
    this.code = code;
  }
}

/**
 * What Redis said, or that it said nothing. The client's own error is not kept as the cause: it holds
 * the command with everything that was to be written.
 */
export function asStoreError(error: unknown): RedisStoreError {
  if (error instanceof RedisStoreError) return error;
  const { name, message } = error as Error;
  return new RedisStoreError(name === 'ReplyError' ? 'refused' : 'unavailable', message);
}
