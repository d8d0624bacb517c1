/**
 * Wording of internal errors (XX000) and of files (class 58) only: others may quote what a client
 * sent.
 */
const damagedWording =
  /invalid page in block|unexpected zero page|could not read blocks? |xlog flush request|could not access status of transaction|could not open file/;

/** What PostgreSQL said; `code` is its SQLSTATE. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }

  /**
   * The values are at fault, not the database: data exceptions (class 22) and program limits
   * (class 54, e.g. nesting too deep). Trying again gives the same.
   */
  get blamesData(): boolean {
    return this.code.startsWith('22') || this.code.startsWith('54');
  }

  /** No room, no right to write, a broken disk: whatever is asked next fares no better. */
  get blamesServer(): boolean {
    return /^(53|58|25006)/.test(this.code);
  }

  /**
   * Whatever is handed over, the answer is the same until the server, its load or its rights change:
   * connections (08), wrong state (25), not let in (28), missing database or schema (3D, 3F),
   * conflicts (40), missing tables or rights (42), resources (53), locks (55), shutdowns and
   * time-outs (57), files (58), broken files (XX001, XX002).
   */
  get blamesStore(): boolean {
    return /^(08|25|28|3D|3F|40|42|53|55|57|58|XX001|XX002)/.test(this.code);
  }

  /**
   * Files of the database are damaged or missing: a page does not match its checksum, an index
   * points behind the end of its table, the WAL ends before a page that it should hold. Only where
   * nothing else can be the cause: of an embedded database.
   */
  get blamesFiles(): boolean {
    if (/^XX00[12]$/.test(this.code)) return true;
    return /^(XX000|58)/.test(this.code) && damagedWording.test(this.message);
  }

  /** A deadlock or a serialization failure: the same transaction, begun again, may pass. */
  get mayPassAtOnce(): boolean {
    return this.code === '40P01' || this.code === '40001';
  }

  /** A row found no partition: another process dropped it. */
  get lacksPartition(): boolean {
    return this.code === '23514';
  }
}

/** The store is not started, was stopped, or its database died or does not answer. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  readonly blamesStore = true;
}

/** Written by a newer version; nothing was touched. */
export class SchemaTooNewError extends Error {
  override readonly name = 'SchemaTooNewError';

  constructor(found: number, known: number) {
    super(
      `The database has schema version ${found}, this version of Spillway knows ${known}. ` +
        'Start the newer version, or give it another database.',
    );
  }
}

/** The server is no PostgreSQL that the store can work with; the message says why. */
export class ServerUnsuitableError extends Error {
  override readonly name = 'ServerUnsuitableError';
}

/** Another process has the folder open; nothing was touched. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';

  constructor(folder: string, pid: number) {
    super(`${folder} is in use by process ${pid}.`);
  }
}
