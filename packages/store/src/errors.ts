/**
 * Everything that a store throws on purpose. The list is closed: codes are stable, may be metric
 * labels, and the query API has an answer for each of them.
 */
export const storeErrors = {
  /** The store does not understand the query; `parameter` names what is wrong with it. */
  'invalid-query': { blamesStore: false },
  /** More would be read, or held in memory, than one query may cost; the message says what to change. */
  'too-much-asked': { blamesStore: false },
  /** Too much is going on at this moment, of this tenant or of all: the same call may pass later. */
  overloaded: { blamesStore: true },
  /** The store does not do this at all, or does not work with that server or those files. */
  unsupported: { blamesStore: false },
  /** Not started, stopped, down, slow, full or restarting: the same call may pass later. */
  unavailable: { blamesStore: true },
  /** The server works, and did not take what it was handed: something else may pass. */
  refused: { blamesStore: false },
  /** Another process rebuilds the store now. */
  'rebuild-under-way': { blamesStore: true },
  /** This rebuild was taken for abandoned, or the store was reset: what was built is gone. */
  'rebuild-lost': { blamesStore: true },
} as const;

/** Why a store failed: one of the codes that {@link storeErrors} explains. */
export type StoreErrorCode = keyof typeof storeErrors;

interface StoreErrorOptions extends ErrorOptions {
  /** With `invalid-query`: the member of the query that is wrong, and what would be right. */
  invalid?: { parameter: string; wanted: string };
}

/** What a store throws on purpose; its `code` is one of {@link storeErrors}. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  readonly invalid: StoreErrorOptions['invalid'];

  constructor(code: StoreErrorCode, message: string, options: StoreErrorOptions = {}) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
    this.invalid = options.invalid;
  }

  /** True when the store as a whole cannot work now, whatever it is handed. */
  get blamesStore(): boolean {
    return storeErrors[this.code].blamesStore;
  }
}

/** Whether what was caught is a `StoreError` with this code. */
export function isStoreError(error: unknown, code: StoreErrorCode): error is StoreError {
  return error instanceof StoreError && error.code === code;
}

/**
 * Makes the error `too-much-asked`, to be thrown. Its message is `found`, then what the client may
 * change about its query.
 */
export function tooMuchAsked(found: string, options?: ErrorOptions): StoreError {
  const change = 'ask for a shorter range, a lower limit, or filter more';
  return new StoreError('too-much-asked', `${found}: ${change}`, options);
}

/** Makes the error `invalid-query` for a cursor that no answer to the same query held. */
export function invalidCursor(parameter = 'cursor'): StoreError {
  const wanted = 'the cursor of an answer to the same query';
  return new StoreError('invalid-query', `${parameter}: wanted ${wanted}`, {
    invalid: { parameter, wanted },
  });
}
