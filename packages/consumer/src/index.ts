export { consumerBudget } from './budget.ts';
export { type ConsumerLimits, defaultLimits } from './config.ts';
export { Consumer, type ConsumerOptions } from './consumer.ts';
export type { ConsumerEvent } from './consumer-event.ts';
export type { ConsumerReport } from './consumer-stats.ts';
export { CrashRecord, type CrashRecordEvent } from './crash-record.ts';
export { consumerEvents } from './events.ts';
export type { InFlightMessage } from './in-flight/in-flight-message.ts';
export { consumerMetrics, type GroupReport } from './metrics.ts';
