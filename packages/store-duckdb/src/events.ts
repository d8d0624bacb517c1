import type { EventTable } from '@spillway/events';
import type { SearchStoreEvent } from './database-file.ts';

/** What each event says to an operator. */
export const duckdbEvents = {
  'set-aside': {
    severity: 'error',
    description:
      'The file of the search store is damaged or of another version. It was moved aside, and the store is filled again from the log.',
  },
  reopening: {
    severity: 'warn',
    description: 'DuckDB gave up on its open file; it is opened again for the next batch.',
  },
  'store-damaged': {
    severity: 'error',
    description:
      'Damage was met while the store was open: it takes nothing more, and the next start sets it aside.',
  },
  'memory-raised': {
    severity: 'warn',
    description:
      'Large texts do not fit: the search store may use four times its memory from now on.',
  },
} as const satisfies EventTable<SearchStoreEvent>;
