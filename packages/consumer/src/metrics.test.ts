import { metricsContract } from '@spillway/metrics/contract';
import { newStats } from './consumer-stats.ts';
import { consumerMetrics } from './metrics.ts';

metricsContract('consumers', {
  families: consumerMetrics,
  source: () => [
    {
      group: 'writer',
      report: { ...newStats(), breaker: 'closed' as const, breakerOpened: 0, partitionsHeld: 0 },
    },
  ],
});
