/** Closed list: codes are metric labels. */
const messages = {
  unavailable: 'Redis does not answer',
  refused: 'Redis refused',
  'rebuild-under-way': 'a rebuild of the live store is under way',
  'rebuild-lost': 'the rebuild took too long between two steps, or another one began',
  'piece-missing': 'Redis lost the first part of a message while the rest was on its way',
} as const;

/** The stable codes of `RedisStoreError`. */
export type RedisStoreErrorCode = keyof typeof messages;

/** What Redis says to any write until its state, its memory, its disk or our rights change. */
const saidToAll =
  /\b(LOADING|OOM|READONLY|MISCONF|BUSY|UNKILLABLE|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOAUTH|NOPERM|WRONGPASS|NOSCRIPT)\b/;

/** An expected failure of a store on Redis; its code is stable. */
export class RedisStoreError extends Error {
  override readonly name = 'RedisStoreError';
  readonly code: RedisStoreErrorCode;

  /** False when a script failed at what it was given: at something else it may not. */
  get blamesStore(): boolean {
    return this.code !== 'refused' || saidToAll.test(this.message);
  }

  constructor(code: RedisStoreErrorCode, detail?: string) {
    super(detail ? `${messages[code]}: ${detail}` : messages[code]);
    this.code = code;
  }
}
