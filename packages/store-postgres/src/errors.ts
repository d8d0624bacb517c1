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

  /** A row found no partition: another process dropped it. */
  get lacksPartition(): boolean {
    return this.code === '23514';
  }
}

/** The store is not started, was stopped, or its database died. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
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

/** Another process has the folder open; nothing was touched. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';

  constructor(folder: string, pid: number) {
    super(`${folder} is in use by process ${pid}.`);
  }
}
