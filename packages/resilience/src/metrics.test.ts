import { metricsContract } from '@spillway/metrics/contract';
import { dependencyMetrics, sharedQuotaMetrics } from './metrics.ts';

metricsContract('dependencies', {
  families: dependencyMetrics,
  source: () => [
    {
      dependency: 'broker',
      own: 'up' as const,
      fleet: 'down' as const,
      reporters: [{ name: 'gw-2', sinceMs: 1, reason: 'refused' }],
    },
  ],
  notMetrics: {
    '[].reporters[].name': 'of a process: told by GET /api/dependencies',
    '[].reporters[].sinceMs': 'told by GET /api/dependencies',
    '[].reporters[].reason': 'free text: told by GET /api/dependencies',
  },
});

metricsContract('shared quotas', {
  families: sharedQuotaMetrics,
  source: () => ({
    localShare: 0.25,
    leased: [
      { tenant: 'acme', of: 'records' as const, amount: 10 },
      { tenant: 'acme', of: 'bytes' as const, amount: 1_000 },
    ],
  }),
});
