/** What may be unsafe about a configuration, by the names under which it can be allowed. */
export const safetyNames = [
  'acks',
  'replication',
  'message-limit',
  'fsync',
  'bulk-limit',
  'document-ids',
] as const;

/** Names of the checks that `--unsafe-allow` can switch off. */
export type SafetyName = (typeof safetyNames)[number];

/**
 * Something under which a promise of Spillway would not hold, found by looking at what is there.
 */
export interface SafetyFinding {
  name: SafetyName;
  /** Key of the configuration, or the server's own name of what is to be set right. */
  key: string;
  wanted: string;
  got: string;
}
