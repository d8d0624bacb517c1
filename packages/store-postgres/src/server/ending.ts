/** Work that may not be wanted any more: it ends at a signal, within a bounded time. */
import { unlessAborted } from '@spillway/resilience';
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
  let cancelling: Promise<void> | undefined;
  const onEnd = (): void => {
    // Where it fails, the statement goes on, and the connection is given up.
    cancelling = cancel().catch(() => undefined);
  };
  ending.addEventListener('abort', onEnd, { once: true });
  try {
    const work = running.finally(() => cancelling);
    return await unlessAborted(work, ending, { graceMs: cancelMs, reason: goesOn });
  } finally {
    ending.removeEventListener('abort', onEnd);
  }
}

function goesOn(): StoreUnavailableError {
  return new StoreUnavailableError('a statement goes on after it was cancelled');
}

/** What is waited for, unless the signal comes first; what comes after it is given back. */
export async function inTime<T>(
  waiting: Promise<T>,
  { ending, giveBack }: { ending: AbortSignal; giveBack: (late: T) => void },
): Promise<T> {
  try {
    return await unlessAborted(waiting, ending);
  } catch (error) {
    waiting.then(giveBack, () => undefined);
    throw error;
  }
}
