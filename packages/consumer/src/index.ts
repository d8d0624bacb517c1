export { type ConsumerLimits, defaultLimits } from './config.ts';
export {
  Consumer,
  type ConsumerEvent,
  type ConsumerOptions,
  type ConsumerStats,
} from './consumer.ts';
export { type DeadLetter, letterHeaders } from './dead-letter.ts';
export { type DeadLetterFilter, DeadLetters, type ResubmitOptions } from './dead-letters.ts';
export type { Item } from './decode-message.ts';
export { sleep } from './retry.ts';
