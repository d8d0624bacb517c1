import { StoreError } from '@spillway/store';

/**
 * Wording of internal errors (XX000) and of files (class 58) only: others may quote what a client
 * sent.
 */
const damagedWording =
  /invalid page in block|unexpected zero page|could not read blocks? |xlog flush request|could not access status of transaction|could not open file/;

/**
 * Whatever is handed over, the answer is the same until the server, its load or its rights change:
 * connections (08), wrong state (25), not let in (28), missing database or schema (3D, 3F),
 * conflicts (40), missing tables or rights (42), resources (53), locks (55), shutdowns and
 * time-outs (57), files (58), broken files (XX001, XX002).
 */
const saidToAll = /^(08|25|28|3D|3F|40|42|53|55|57|58|XX001|XX002)/;

/** What PostgreSQL said: `refused`, or `unavailable` where it would say so to anything. */
export class DatabaseError extends StoreError {
  override readonly name = 'DatabaseError';
  /** SQLSTATE. */
  readonly sqlState: string;

  constructor(message: string, sqlState: string) {
    super(saidToAll.test(sqlState) ? 'unavailable' : 'refused', message);
    this.sqlState = sqlState;
  }

  /**
   * The values are at fault, not the database: data exceptions (class 22) and program limits
   * (class 54, e.g. nesting too deep). Trying again gives the same.
   */
  get blamesData(): boolean {
    return this.sqlState.startsWith('22') || this.sqlState.startsWith('54');
  }

  /** No room, no right to write, a broken disk: whatever is asked next fares no better. */
  get blamesServer(): boolean {
    return /^(53|58|25006)/.test(this.sqlState);
  }

  /**
   * Files of the database are damaged or missing: a page does not match its checksum, an index
   * points behind the end of its table, the WAL ends before a page that it should hold. Only where
   * nothing else can be the cause: of an embedded database.
   */
  get blamesFiles(): boolean {
    if (/^XX00[12]$/.test(this.sqlState)) return true;
    return /^(XX000|58)/.test(this.sqlState) && damagedWording.test(this.message);
  }

  /** A deadlock or a serialization failure: the same transaction, begun again, may pass. */
  get mayPassAtOnce(): boolean {
    return this.sqlState === '40P01' || this.sqlState === '40001';
  }

  /** A row found no partition: another process dropped it. */
  get lacksPartition(): boolean {
    return this.sqlState === '23514';
  }
}

/** The store is not started, was stopped, or its database died or does not answer. */
export class StoreUnavailableError extends StoreError {
  override readonly name = 'StoreUnavailableError';

  constructor(message: string, options?: ErrorOptions) {
    super('unavailable', message, options);
  }
}

/** Written by a newer version; nothing was touched. */
export class SchemaTooNewError extends StoreError {
  override readonly name = 'SchemaTooNewError';

  constructor(found: number, known: number) {
    super(
      'unsupported',
      `The database has schema version ${found}, this version of Spillway knows ${known}. ` +
        'Start the newer version, or give it another database.',
    );
  }
}

/** A migration is not what it was when it was applied to this database; nothing was touched. */
export class MigrationChangedError extends Error {
  override readonly name = 'MigrationChangedError';

  constructor(file: string) {
    super(
      `The migration ${file} differs from what was applied to this database. ` +
        'Start the version that applied it, or put the file back as it was.',
    );
  }
}

/** The server is no PostgreSQL that the store can work with; the message says why. */
export class ServerUnsuitableError extends StoreError {
  override readonly name = 'ServerUnsuitableError';

  constructor(message: string) {
    super('unsupported', message);
  }
}

/** Another process has the folder open; nothing was touched. */
export class FolderInUseError extends StoreError {
  override readonly name = 'FolderInUseError';

  constructor(folder: string, pid: number) {
    super('unavailable', `${folder} is in use by process ${pid}.`);
  }
}
