export { createEmbeddedBroker, EmbeddedBroker } from './broker.ts';
export type { EmbeddedBrokerEvent, EmbeddedBrokerOptions } from './config.ts';
