import type { Files, JournalEvent } from '@spillway/journal';

/** Options of the embedded broker. */
export interface EmbeddedBrokerOptions {
  /** One folder for everything, made if missing. One owner at a time. */
  dir: string;
  /** Bytes of key, headers and value of one message. */
  messageBytesMax?: number;
  /**
   * Bytes of all partitions together. Of messages of clients no more than seven eighths are taken;
   * publishes beyond are refused as 'log-full'.
   */
  logBytesMax?: number;
  /** Segments whose latest message is older are removed, committed or not. */
  retentionMs?: number;
  /** At most; less where many partitions share a small `logBytesMax`. */
  segmentBytes?: number;
  /** False: what is acknowledged survives kill -9, but not a power cut. */
  fsync?: boolean;
  /** How often retention looks. */
  retentionEveryMs?: number;
  /** A member's `onRevoke` gets this long before its partitions move anyway. */
  revokeMs?: number;
  clock?: () => number;
  files?: Files;
  report?: (event: EmbeddedBrokerEvent) => void;
}

export type EmbeddedConfig = Required<EmbeddedBrokerOptions>;

/** What an operator should know of the embedded broker. */
export type EmbeddedBrokerEvent =
  | JournalEvent
  /** Retention removed messages that a group had not committed. */
  | { type: 'expired'; group: string; topic: string; partition: number; messages: number }
  /** The oldest messages of a kept topic were removed, so that newer ones have room. */
  | { type: 'kept-expired'; topic: string; partition: number; messages: number }
  /** Retention removed segments. */
  | { type: 'deleted'; topic: string; partition: number; bytes: number }
  /** A look of retention failed; the next one tries again. */
  | { type: 'retention-failed'; message: string }
  /** A member's `onRevoke` threw or took too long; its partitions moved without it. */
  | { type: 'revoke-failed'; group: string; message: string };

const mib = 1024 * 1024;

export function configOf(options: EmbeddedBrokerOptions, files: Files): EmbeddedConfig {
  return {
    messageBytesMax: 16 * mib,
    logBytesMax: 8 * 1024 * mib,
    retentionMs: 24 * 60 * 60 * 1000,
    segmentBytes: 64 * mib,
    fsync: true,
    retentionEveryMs: 5_000,
    revokeMs: 10_000,
    clock: Date.now,
    files,
    report: () => {},
    ...options,
  };
}
