import type { LagBoard } from '@spillway/broker';
import type { LiveStore, SearchStore } from '@spillway/store';
import type { ConsoleConfig } from './config.ts';
import type { Admin, ConsoleEvent, DeadLetters, Groups, Keys, ReadLedger } from './ports.ts';

/** What the console reads from, and its configuration. */
export interface ConsoleOptions {
  config: ConsoleConfig;
  search: SearchStore;
  live: LiveStore;
  lagBoard: Pick<LagBoard, 'read'>;
  groups: Groups;
  /** Undefined: no keys, and then only on loopback. */
  keys?: Keys | undefined;
  ledger: ReadLedger;
  deadLetters: DeadLetters;
  admin: Admin;
  /** ms since the epoch. */
  clock: () => number;
  report?: ((event: ConsoleEvent) => void) | undefined;
  /** Folder of the built page; for tests. */
  pageFolder?: string | undefined;
}
