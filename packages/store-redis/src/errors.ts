/** Closed list: codes are metric labels. What Redis itself says is a `RedisError`. */
const messages = {
  'rebuild-under-way': 'a rebuild of the live store is under way',
  'rebuild-lost': 'the rebuild took too long between two steps, or another one began',
  'piece-missing': 'Redis lost the first part of a message while the rest was on its way',
} as const;

export type RedisStoreErrorCode = keyof typeof messages;

export class RedisStoreError extends Error {
  override readonly name = 'RedisStoreError';
  readonly blamesStore = true;
  readonly code: RedisStoreErrorCode;

  constructor(code: RedisStoreErrorCode) {
    super(messages[code]);
    this.code = code;
  }
}
