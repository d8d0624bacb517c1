/** Closed list: codes are metric labels. */
const messages = {
  unavailable: 'Redis does not answer',
  refused: 'Redis refused',
} as const;

/** Why a command failed: no answer came, or Redis refused it. The message has the details. */
type RedisErrorCode = keyof typeof messages;

/**
 * What Redis says to any write until its state, its memory, its disk or the user's rights change.
 */
const saidToAll =
  /\b(LOADING|OOM|READONLY|MISCONF|BUSY|UNKILLABLE|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOAUTH|NOPERM|WRONGPASS|NOSCRIPT)\b/;

/** A command that Redis did not carry out, or whose answer did not come. */
export class RedisError extends Error {
  override readonly name = 'RedisError';
  readonly code: RedisErrorCode;

  /** False when a script failed at what it was given: at something else it may not. */
  get blamesStore(): boolean {
    return this.code !== 'refused' || saidToAll.test(this.message);
  }

  constructor(code: RedisErrorCode, detail: string) {
    super(`${messages[code]}: ${detail}`);
    this.code = code;
  }
}
