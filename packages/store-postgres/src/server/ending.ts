/** Work that may not be wanted any more: it ends at a signal, within a bounded time. */
import { StoreUnavailableError } from '../errors.ts';

/** A statement that was cancelled and has not ended after it is left to the server. */
const cancelMs = 2_000;

export interface Ending {
  ending: AbortSignal;
  /** Makes the server end the statement, which is then rejected. */
  cancel: () => Promise<void>;
}

/**
 * The result of a statement; at the signal it is cancelled. Settles when the server has ended it and
 * no cancel is on its way that could hit the next one, or else with a `StoreUnavailableError`: then
 * the connection is of no use.
 */
export async function ended<T>(running: Promise<T>, { ending, cancel }: Ending): Promise<T> {
  const stuck = Promise.withResolvers<never>();
  let cancelling: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const onEnd = (): void => {
    // Where it fails, the statement goes on, and the connection is given up.
    cancelling = cancel().catch(() => undefined);
    const late = new StoreUnavailableError('a statement goes on after it was cancelled');
    timer = setTimeout(() => stuck.reject(late), cancelMs);
  };
  ending.addEventListener('abort', onEnd, { once: true });
  try {
    return await Promise.race([running.finally(() => cancelling), stuck.promise]);
  } finally {
    ending.removeEventListener('abort', onEnd);
    clearTimeout(timer);
  }
}

/** What is waited for, unless the signal comes first; what comes after it is given back. */
export async function inTime<T>(
  waiting: Promise<T>,
  { ending, giveBack }: { ending: AbortSignal; giveBack: (late: T) => void },
): Promise<T> {
  const late = Promise.withResolvers<never>();
  let isThere = false;
  const noted = waiting.finally(() => {
    isThere = true;
  });
  const onEnd = (): void => {
    if (isThere) return;
    late.reject(ending.reason);
    noted.then(giveBack, () => undefined);
  };
  ending.addEventListener('abort', onEnd, { once: true });
  try {
    return await Promise.race([noted, late.promise]);
  } finally {
    ending.removeEventListener('abort', onEnd);
  }
}
