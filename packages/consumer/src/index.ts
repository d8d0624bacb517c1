export { consumerBudget } from './budget.ts';
export { type ConsumerLimits, defaultLimits } from './config.ts';
export { Consumer, type ConsumerOptions } from './consumer.ts';
export type { ConsumerEvent } from './consumer-event.ts';
export type { ConsumerReport } from './consumer-stats.ts';
export type { DeadLetter } from './dead-letter.ts';
export {
  DeadLetters,
  lettersListedMax,
  type ResubmitOptions,
  resubmitPerSecond,
  type ShownLetter,
} from './dead-letters.ts';
export type { Item } from './item.ts';
export type { DeadLetterFilter } from './letter-filter.ts';
export type { NewestLetters } from './letter-index.ts';
export { Trail, type TrailEvent } from './trail.ts';
