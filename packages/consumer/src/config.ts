/** Limits of one consumer; the apps give them their names in the configuration. */
export interface ConsumerLimits {
  /** Bytes of message values handed to the sink at once; one read-ahead batch waits beside it. */
  batchBytesMax: number;
  /** How long a poll waits for the first message. */
  pollWaitMs: number;
  /** A small batch waits this long for company: a transaction costs about the same for one record. */
  gatherMs: number;
  retryBaseMs: number;
  retryMaxMs: number;
  /** After some failures in a row the store is tried no sooner than this, with one message. */
  breakerResetMs: number;
}

export const defaultLimits: ConsumerLimits = {
  batchBytesMax: 1_048_576,
  pollWaitMs: 250,
  gatherMs: 200,
  retryBaseMs: 100,
  retryMaxMs: 10_000,
  breakerResetMs: 1_000,
};
