import { ResponseError } from '@platformatic/kafka';

/** The answer, whatever of it is an error: the caller looks at each part. */
export async function withErrors<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    if (cause instanceof ResponseError) return cause.response as T;
    throw error;
  }
}
