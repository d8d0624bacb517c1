import type { SinkSpec } from '@spillway/ledger';

/** As the pipeline declares them. */
export const sinks: readonly SinkSpec[] = [
  { name: 'writer', group: 'writer', title: 'write store', side: 'write' },
  {
    name: 'search',
    group: 'search',
    title: 'search store',
    side: 'read',
    storedAs: 'searchable',
  },
  { name: 'live', group: 'live', title: 'live store', side: 'read' },
];
