import { metricsOf } from '@spillway/metrics';
import type { LiveStats } from './live/live-store.ts';
import type { SearchStats } from './search/search-writer.ts';

const search = metricsOf<SearchStats>();
const { counter, gauge } = metricsOf<LiveStats>();

/** What the search store of this process was given. */
export const searchMetrics = [
  search.counter({
    name: 'spillway_search_store_records_total',
    help: 'Records that this process has given to the search store, redeliveries and rebuilds included, by what became of them: stored, duplicate, or dead-letter.',
    labels: ['outcome'],
    read: ({ stored, duplicates, deadLettered }) => [
      { labels: { outcome: 'stored' }, value: stored },
      { labels: { outcome: 'duplicate' }, value: duplicates },
      { labels: { outcome: 'dead-letter' }, value: deadLettered },
    ],
  }),
  search.counter({
    name: 'spillway_search_store_retried_records_total',
    help: 'Times that the search store did not take a record at once, so that this process had to send it again.',
    read: ({ retried }) => retried,
  }),
];

/** How near the live store is to its limits, and what they cost. */
export const liveMetrics = [
  gauge({
    name: 'spillway_live_memory_bytes',
    help: 'Memory that the live views take, estimated. In Redis it is that of all processes, as of the last write of this one.',
    read: ({ memoryBytes }) => memoryBytes,
  }),
  counter({
    name: 'spillway_live_limited_total',
    help: 'Times that the live store met a limit: names (counted under the name of all others), window (the oldest forgotten early), waiting (spans that waited less for their other side), parents (spans that did not wait), retries (a shorter time in which a retry is recognised), tenants (no room for another).',
    labels: ['limit'],
    read: ({ limits }) =>
      Object.entries(limits).map(([limit, value]) => ({ labels: { limit }, value })),
  }),
  counter({
    name: 'spillway_live_duplicate_records_total',
    help: 'Records that the live store had counted already, so that it left them out.',
    read: ({ duplicates }) => duplicates,
  }),
  counter({
    name: 'spillway_live_late_spans_total',
    help: 'Spans that were older than the window of the live store when they came, so that it left them out.',
    read: ({ late }) => late,
  }),
  gauge({
    name: 'spillway_live_tenants',
    help: 'Tenants that have a live view in the memory of this process. Absent where Redis keeps the live views.',
    read: ({ kept }) => kept?.tenants,
  }),
  gauge({
    name: 'spillway_live_series',
    help: 'Names of services, operations and calls in the live views of this process. Absent where Redis keeps the live views.',
    read: ({ kept }) => kept?.series,
  }),
  gauge({
    name: 'spillway_live_cells',
    help: 'Sums over time in the live views of this process. Absent where Redis keeps the live views.',
    read: ({ kept }) => kept?.cells,
  }),
  gauge({
    name: 'spillway_live_waiting_spans',
    help: 'Spans that wait in this process for the other side of their call. Absent where Redis keeps the live views.',
    read: ({ kept }) => kept?.waitingSpans,
  }),
];
