import type { QueryResult } from '../client.ts';

export interface WorkerOptions {
  dir: string;
  /** The folder is empty: begin with the prepared snapshot. */
  fresh: boolean;
  /** `name=value` server settings. */
  settings: string[];
}

export type Request =
  | { id: number; type: 'query'; sql: string; params: (string | null)[] }
  | { id: number; type: 'script'; sql: string }
  | { id: number; type: 'close' };

/** Id 0 says that the database is open. */
export interface Answer {
  id: number;
  result?: QueryResult | undefined;
  /** Without a code it is not the database that speaks: PGlite itself failed. */
  error?: { message: string; code?: string | undefined };
}
