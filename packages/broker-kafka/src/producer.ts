import type { OwnProducerOptions } from './produce/options.ts';
import { OwnProducer } from './produce/own-producer.ts';
import type { ProducePort } from './produce/port.ts';

export type { ProduceEvent } from './produce/event.ts';
export type { OwnProducerOptions } from './produce/options.ts';
export type { ProducePort } from './produce/port.ts';

/** The producer of the driver `platformatic`. */
export function createOwnProducer(options: OwnProducerOptions): ProducePort {
  return new OwnProducer(options);
}
