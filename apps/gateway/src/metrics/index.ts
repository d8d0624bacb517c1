import { publishMetrics } from './publish-metrics.ts';
import { quotaMetrics } from './quota-metrics.ts';
import { requestMetrics } from './request-metrics.ts';

export { gatewaySpillMetrics } from './spill-metrics.ts';

/** Every metric of a gateway but those of its spill. */
export const gatewayMetrics = [...requestMetrics, ...quotaMetrics, ...publishMetrics];
