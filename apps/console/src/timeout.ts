import { QueryError } from './errors.ts';

/** Gives up waiting (the work itself goes on, bounded by its own limits) with a `timeout` error. */
export async function withTimeout<T>(work: () => Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new QueryError('timeout', `no answer within ${timeoutMs} ms; ask for less`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
