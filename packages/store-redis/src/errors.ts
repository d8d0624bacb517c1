import { StoreError } from '@spillway/store';

/** What Redis says to any write until its state, its memory, its disk or our rights change. */
const saidToAll =
  /\b(LOADING|OOM|READONLY|MISCONF|BUSY|UNKILLABLE|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOAUTH|NOPERM|WRONGPASS|NOSCRIPT)\b/;

/** Redis did not answer, or the connection to it was lost. */
export function noAnswer(reason: string): StoreError {
  return new StoreError('unavailable', `Redis does not answer: ${reason}`);
}

/** Redis answered with an error: of itself, or of what a script was given. */
export function redisRefused(reply: string): StoreError {
  const code = saidToAll.test(reply) ? 'unavailable' : 'refused';
  return new StoreError(code, `Redis refused: ${reply}`);
}

export function pieceMissing(): StoreError {
  const message = 'Redis lost the first part of a message while the rest was on its way';
  return new StoreError('unavailable', message);
}

export function rebuildUnderWay(): StoreError {
  return new StoreError('rebuild-under-way', 'a rebuild of the live store is under way');
}

export function rebuildLost(): StoreError {
  const message = 'the rebuild took too long between two steps, or another one began';
  return new StoreError('rebuild-lost', message);
}
