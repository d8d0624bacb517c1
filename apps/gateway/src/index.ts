export { gatewayBudget, gatewayLeast, gatewayLimits } from './budget.ts';
export { bytesForBody, checkGatewayConfig } from './check-config.ts';
export type { HistogramStats } from './counters.ts';
export { createGateway, type Gateway, type GatewayEvent, type GatewayOptions } from './gateway.ts';
export { topicsName } from './known-topics.ts';
export { type GatewayConfig, gatewaySection } from './section.ts';
export type { GatewayStats, Protocol } from './stats.ts';
