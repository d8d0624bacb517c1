export { Census } from './census.ts';
export { type DeadLetter, readDeadLetter } from './dead-letter.ts';
export type { DeadLetterFilter } from './dead-letter-filter.ts';
export type { NewestDeadLetters } from './dead-letter-index.ts';
export {
  DeadLetters,
  type ResubmitOptions,
  resubmitPerSecond,
  type ShownDeadLetter,
} from './dead-letters.ts';
export { NameSet } from './name-set.ts';
