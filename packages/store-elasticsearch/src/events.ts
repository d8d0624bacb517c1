import type { EventTable } from '@spillway/events';
import type { SearchStoreEvent } from './options.ts';

/** What each event says to an operator. */
export const elasticsearchEvents = {
  'search-unreachable': { severity: 'warn', description: 'Elasticsearch does not answer.' },
  'search-reachable': { severity: 'info', description: 'Elasticsearch answers again.' },
} as const satisfies EventTable<SearchStoreEvent>;
