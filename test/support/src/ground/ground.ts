import type { SharedServers, StackName } from '../servers.ts';

/** What a lab's Spillway stands on, and how a test takes things away from it. */
export interface Ground {
  /** The configuration that chooses it, as environment variables. */
  readonly env: Readonly<Record<string, string>>;
  /** Deletes rows of a table of the write store, with no Spillway running. */
  deleteRows(table: string, count: number): Promise<void>;
  /** Deletes documents of the logs of the search store, with no Spillway running. */
  deleteLogDocuments(count: number): Promise<void>;
  /** All that the search store has. */
  deleteSearchStore(): Promise<void>;
  /**
   * Takes the last messages off the one partition of a topic that has any, as if they had never
   * been written, with no Spillway running. Answers how many there were.
   */
  deleteLastMessages(topic: string, count: number): Promise<number>;
  /** Until what was applied can be found. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

export interface GroundOptions {
  dataDir: string;
  stack: StackName;
  servers: SharedServers | undefined;
}

/** Loads only what the stack needs. */
export async function openGround({ dataDir, stack, servers }: GroundOptions): Promise<Ground> {
  if (stack === 'embedded') {
    const { EmbeddedGround } = await import('./embedded-ground.ts');
    return new EmbeddedGround(dataDir);
  }
  if (!servers) throw new Error(`no servers were started for the stack ${stack}`);
  const { openServerGround } = await import('./server-ground.ts');
  return openServerGround(stack, servers);
}
