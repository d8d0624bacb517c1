/** Limits of one consumer; the apps give them their names in the configuration. */
export interface ConsumerLimits {
  /** Bytes of message values handed to the sink at once; one read-ahead batch waits beside it. */
  batchBytesMax: number;
  /**
   * Memory that the decoded records of a batch may take, estimated; what waits behind it may take as
   * much twice. A message that takes more is handed over in parts.
   */
  decodedBytesMax: number;
  /** How long a poll waits for the first message. */
  pollWaitMs: number;
  /** A small batch waits this long for company: a transaction costs about the same for one record. */
  gatherMs: number;
  retryBaseMs: number;
  retryMaxMs: number;
  /** After some failures in a row the store is tried no sooner than this, with one message. */
  breakerResetMs: number;
}

/**
 * Most records of a part, and of a batch that one message does not fill: a store's transaction
 * stays short.
 */
export const partRecordsMax = 10_000;

/** The limits of a consumer unless configured otherwise. */
export const defaultLimits: ConsumerLimits = {
  batchBytesMax: 1_048_576,
  decodedBytesMax: 16_777_216,
  pollWaitMs: 250,
  gatherMs: 200,
  retryBaseMs: 100,
  retryMaxMs: 10_000,
  breakerResetMs: 1_000,
};
