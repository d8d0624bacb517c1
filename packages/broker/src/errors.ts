/** What a broker throws. Expected failures of publish are outcomes instead. */
export type BrokerErrorCode =
  | 'not-running'
  | 'unknown-topic'
  /** The topic exists with another number of partitions. */
  /** The topic exists with settings under which a promise would not hold. */
  | 'misconfigured'
  /** A group with running members cannot be replayed. */
  | 'group-running'
  /** Not a name that every broker takes: 1 to 200 of A-Z a-z 0-9 . _ - */
  | 'bad-name'
  | 'unsupported';

/** An expected failure of a broker; its code is stable. */
export class BrokerError extends Error {
  readonly code: BrokerErrorCode;

  constructor(code: BrokerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BrokerError';
    this.code = code;
  }
}

/** The adapter cannot do this at all, e.g. replay where no log is kept. */
export class UnsupportedError extends BrokerError {
  constructor(message: string) {
    super('unsupported', message);
    this.name = 'UnsupportedError';
  }
}
