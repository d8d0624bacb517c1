export { createGateway, type Gateway, type GatewayEvent, type GatewayOptions } from './gateway.ts';
export { gatewayBudget, gatewayLeast, gatewayLimits } from './model/budget.ts';
export { bytesForBody, checkGatewayConfig } from './model/check-config.ts';
export { type GatewayConfig, gatewaySection } from './model/config.ts';
export type { HistogramStats } from './model/counters.ts';
export { isRetryable, type RefusalCode, refusals } from './model/refusals.ts';
export type { GatewayStats, Protocol } from './model/stats.ts';
export { topicsName } from './slice/known-topics.ts';
