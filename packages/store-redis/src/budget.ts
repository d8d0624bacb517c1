const mebibyte = 1_048_576;
/**
 * What is sent at once, as text and twice as bytes, and what the piece does that is being made. Measured
 * with the largest names: see `what-is-sent-at-once-is-bounded.test.ts`.
 */
const sendingBytes = 12 * mebibyte;
/** Bytes of one question: names and cells that are read at once, as bytes and as objects. */
const readingBytes = 2 * mebibyte;

/** Sizes from which the memory of the live store is reckoned. */
export interface RedisLiveBudgetOptions {
  /** Whether this process fills it. */
  isFilled: boolean;
  /** Questions that it asks at once. */
  questions: number;
}

/** Lines of the memory budget: a live store in Redis. */
export function redisLiveBudget({ isFilled, questions }: RedisLiveBudgetOptions) {
  const where = 'heap' as const;
  return [
    {
      name: 'live store: effects on their way to Redis',
      bytes: isFilled ? sendingBytes : 0,
      where,
      protects: 'the heap from large batches',
      answer: 'a batch goes in several steps',
    },
    {
      name: 'live store: what questions read of Redis',
      bytes: questions * readingBytes,
      where,
      protects: 'the heap from many names and long ranges',
      answer: 'it is read in several steps',
    },
  ].filter(({ bytes }) => bytes > 0);
}
