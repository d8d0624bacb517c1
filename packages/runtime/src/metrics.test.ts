import { metricsContract } from '@spillway/metrics/contract';
import { InternalErrors } from './internal-errors.ts';
import { healthMetrics, internalErrorMetrics } from './metrics.ts';

metricsContract('the health of the parts', {
  families: healthMetrics,
  source: () => [{ name: 'gateway', ok: true, detail: 'running' }],
  notMetrics: { '[].detail': 'free text: told by /ready' },
});

metricsContract('internal errors', {
  families: internalErrorMetrics,
  source: () => new InternalErrors({ report: () => {} }).counts(),
});
