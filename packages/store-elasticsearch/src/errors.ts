import { errors } from '@elastic/elasticsearch';

/** The server does not answer, or answers that it cannot work now: the same call may succeed later. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';

  /** False when the server answered that it does not understand this request: another may pass. */
  get blamesStore(): boolean {
    return statusOf(this.cause) !== 400;
  }
}

/** The server is of a version that this store does not speak to. */
export class UnsupportedServerError extends Error {
  override readonly name = 'UnsupportedServerError';
}

/** Another process rebuilds the search store now. */
export class RebuildUnderWayError extends Error {
  override readonly name = 'RebuildUnderWayError';

  constructor() {
    super('another process is rebuilding the search store');
  }
}

/** The rebuild was taken for abandoned, or the store was reset: what was built is gone. */
export class RebuildLostError extends Error {
  override readonly name = 'RebuildLostError';

  constructor() {
    super('this rebuild of the search store was taken over or reset');
  }
}

export function statusOf(error: unknown): number | undefined {
  return error instanceof errors.ResponseError ? error.statusCode : undefined;
}

/** Whatever the client throws, as the error of this package. */
export function unavailable(error: unknown): StoreUnavailableError {
  if (error instanceof StoreUnavailableError) return error;
  return new StoreUnavailableError(`Elasticsearch: ${reasonOf(error)}`, { cause: error });
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.TimeoutError) return 'no answer in time';
  const { message } = error as Error;
  // The client's messages may hold the whole body of the answer.
  return message.slice(0, reasonCharsMax);
}

export const reasonCharsMax = 500;
