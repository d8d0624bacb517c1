import type { LagBoard } from '@spillway/broker';
import type { SinkSpec } from '@spillway/ledger';
import type { LiveReader, LiveStore, SearchReader } from '@spillway/store';
import type { ConsoleConfig } from './config.ts';
import type { Admin, ConsoleEvent, DeadLetters, Keys, ReadLedger } from './ports.ts';

/** What the console reads from, and its configuration. */
export interface ConsoleOptions {
  config: ConsoleConfig;
  search: SearchReader;
  live: LiveReader & Pick<LiveStore, 'health'>;
  lagBoard: Pick<LagBoard, 'read'>;
  /** All whose lag says how far answers are behind. */
  sinks: readonly SinkSpec[];
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
