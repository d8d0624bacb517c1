export { createGateway, type Gateway, type GatewayEvent, type GatewayOptions } from './gateway.ts';
export { gatewayMetrics, gatewaySpillMetrics } from './metrics/index.ts';
export { gatewayBudget, gatewayLeast, gatewayLimits } from './model/budget.ts';
export { bytesForBody, checkGatewayConfig } from './model/check-config.ts';
export { type GatewayConfig, gatewaySection } from './model/config.ts';
export { refusals } from './model/refusal.ts';
export type { GatewayStats } from './model/stats.ts';
export { topicsName } from './slice/known-topics.ts';
