/** A value of a result row as PostgreSQL prints it. */
export type Cell = string | null;

export interface QueryResult {
  rows: Cell[][];
  /** Rows returned or changed, by the command tag. */
  count: number;
}

/** Parameters are PostgreSQL's text form; arrays are literals such as `{1,2}`. */
export type Param = string | number | bigint | boolean | null;

export interface Queryable {
  /** One statement. Rejects with a `DatabaseError` when the database refuses it. */
  query(sql: string, params?: readonly Param[]): Promise<QueryResult>;
  /** Statements without parameters, separated by semicolons. */
  script(sql: string): Promise<void>;
  /** `sql` is a COPY … FROM STDIN in text format. Absent where a connection cannot. */
  copy?(sql: string, text: string): Promise<void>;
}

/** One database. Statements that are not in a transaction commit alone. */
export interface Client extends Queryable {
  /** Commits when `work` resolves, rolls back when it rejects. Nothing else runs in between. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  /**
   * Its statements end at the signal, also in the server, and reject with its reason. Where nothing
   * can end a statement, those that have not begun do not begin.
   */
  endingWith(ending: AbortSignal | undefined): Queryable;
  health(): { ok: boolean; detail: string };
  /** Waits for what is under way. Idempotent. */
  close(): Promise<void>;
}
