import { errors } from '@elastic/elasticsearch';
import { StoreError, type StoreErrorCode } from '@spillway/store';

export function statusOf(error: unknown): number | undefined {
  return error instanceof errors.ResponseError ? error.statusCode : undefined;
}

/** Whatever the client throws, as the error of the port. */
export function storeErrorOf(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  return new StoreError(codeOf(error), `Elasticsearch: ${reasonOf(error)}`, { cause: error });
}

export function unavailable(message: string, options?: ErrorOptions): StoreError {
  return new StoreError('unavailable', message, options);
}

/** 400: the server works, and does not understand this request. 429: its queues or its heap are full. */
function codeOf(error: unknown): StoreErrorCode {
  const status = statusOf(error);
  if (status === 400) return 'refused';
  return status === 429 ? 'overloaded' : 'unavailable';
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.TimeoutError) return 'no answer in time';
  const { message } = error as Error;
  // The client's messages may hold the whole body of the answer.
  return message.slice(0, reasonCharsMax);
}

export const reasonCharsMax = 500;
