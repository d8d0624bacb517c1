import type { Broker } from '@spillway/broker';
import { KafkaBroker } from './broker.ts';
import type { KafkaBrokerOptions } from './config.ts';

export { type KafkaBrokerEvent, type KafkaBrokerOptions, kafkaSection } from './config.ts';
export { KafkaError, type KafkaErrorCode } from './errors.ts';

/** The broker port on Apache Kafka; `driver` chooses the client library. */
export function createKafkaBroker(options: KafkaBrokerOptions): Broker {
  return new KafkaBroker(options);
}
