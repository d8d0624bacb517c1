import type { SubscribeOptions } from '@spillway/broker';
import type { KafkaClient } from '../client.ts';
import type { KafkaBrokerEvent, KafkaSection } from '../config.ts';

/** What a member of a group needs. */
export interface ConsumerOptions extends SubscribeOptions {
  section: KafkaSection;
  /** A set of connections of its own for each kind of request that waits, up to `waitMs`. */
  connect: (waitMs?: number) => KafkaClient;
  onClose: () => void;
  report: (event: KafkaBrokerEvent) => void;
}
