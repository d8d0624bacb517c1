/** Headers of a dead letter, beside those of the message it was cut from. */
export const deadLetterHeaders = {
  /** Who refused it: a consumer group, or `gatewayGroup`. */
  group: 'spillway-dlq-group',
  code: 'spillway-dlq-code',
  reason: 'spillway-dlq-reason',
  /** Where the message is: `topic/partition/position`; no position when it never got one. */
  source: 'spillway-dlq-source',
  /** Records in this dead letter; `spillway-records` stays that of the message. */
  records: 'spillway-dlq-records',
  /**
   * For a dead letter about a part of a message: index of its first record, since it may have
   * several.
   */
  part: 'spillway-dlq-part',
  /**
   * For a dead letter without a body: how large the record was, and the SHA-256 of its message in
   * hex.
   */
  bytes: 'spillway-dlq-bytes',
  digest: 'spillway-dlq-digest',
  /** Marker: the dead letter at this position of the same partition went back in. */
  resubmitted: 'spillway-dlq-resubmitted',
} as const;

/**
 * The group of dead letters about records that the gateway refused to a client, and never accepted.
 */
export const gatewayGroup = 'gateway';
