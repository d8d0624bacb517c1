import { metricsContract } from '@spillway/metrics/contract';
import { liveMetrics, searchMetrics } from './metrics.ts';

metricsContract('a search store', {
  families: searchMetrics,
  source: () => ({ stored: 3, duplicates: 1, deadLettered: 0, retried: 2 }),
});

metricsContract('a live store', {
  families: liveMetrics,
  source: () => ({
    memoryBytes: 1_000,
    duplicates: 1,
    late: 2,
    limits: { names: 1, window: 2, waiting: 3, parents: 4, retries: 5, tenants: 6 },
    kept: { tenants: 1, series: 2, cells: 3, waitingSpans: 4 },
  }),
});
