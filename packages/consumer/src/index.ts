export { consumerBudget } from './budget.ts';
export { type ConsumerLimits, defaultLimits } from './config.ts';
export { Consumer, type ConsumerOptions } from './consumer.ts';
export type { ConsumerEvent } from './consumer-event.ts';
export type { ConsumerReport } from './consumer-stats.ts';
export { CrashRecord, type CrashRecordEvent } from './crash-record.ts';
export type { DeadLetter } from './dead-letters/dead-letter.ts';
export type { DeadLetterFilter } from './dead-letters/dead-letter-filter.ts';
export type { NewestDeadLetters } from './dead-letters/dead-letter-index.ts';
export {
  DeadLetters,
  deadLettersListedMax,
  type ResubmitOptions,
  resubmitPerSecond,
  type ShownDeadLetter,
} from './dead-letters/dead-letters.ts';
export type { InFlightMessage } from './in-flight/in-flight-message.ts';
