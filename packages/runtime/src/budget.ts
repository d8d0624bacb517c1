/**
 * What one buffer, cache or engine may take of the memory of a process. Each module computes its
 * own lines from its configuration; the process adds them up before it starts.
 */
export interface BudgetLine {
  /** What holds the bytes, in a few words: `bodies of requests`. */
  name: string;
  /** The setting to lower when the sum is too large; absent where there is none. */
  key?: string;
  /** At most, in the whole process. */
  bytes: number;
  /** In the heap of the main thread, whose limit is made of such lines, or outside of it. */
  where: 'heap' | 'outside';
  /** What would be harmed without the limit. */
  protects: string;
  /** What the client gets, or what is done, when the limit is reached. */
  answer: string;
}

/** A limit that bounds time, counts or sizes, and so what the lines of the budget rest on. */
export interface Limit {
  key: string;
  protects: string;
  answer: string;
}

/**
 * The values to which defaults shrink when memory is least, by configuration key. What is set stays
 * as it is set.
 */
export type Least = Readonly<Record<string, number>>;
