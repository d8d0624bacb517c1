export interface PostgresStoreConfig {
  /** Folder of the embedded database; made when missing. One process owns it. */
  dir: string;
  /**
   * How far back a record's own time may lie before its message's acceptance for the record to be
   * filed under it, ms. `retain` is what drops; it is the caller's to call.
   */
  retentionMs: number;
  report?: ((event: PostgresStoreEvent) => void) | undefined;
  /** Ms since the epoch; only names set-aside folders. */
  now?: (() => number) | undefined;
}

export type PostgresStoreEvent =
  /** The database could not be trusted; it starts empty and the log fills it again. */
  | { type: 'store-set-aside'; path: string; reason: string }
  /** The database died while it was open; it is opened again. */
  | { type: 'store-reopening'; reason: string };
