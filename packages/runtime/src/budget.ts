/**
 * What one buffer, cache or engine may take of the memory of a process. Each module tells its own
 * lines from its configuration; the process adds them up before it starts.
 */
export interface BudgetLine {
  /** What holds the bytes, in a few words: `bodies of requests`. */
  name: string;
  /** The setting to lower when the sum is too large; absent where there is none. */
  key?: string;
  /** At most, in the whole process. */
  bytes: number;
  /** Whether the bytes lie in the heap of the main thread, whose limit is made of such lines. */
  where: 'heap' | 'outside';
  /** What would be harmed without the limit. */
  protects: string;
  /** What the client gets, or what is done, when the limit is reached. */
  answer: string;
}
