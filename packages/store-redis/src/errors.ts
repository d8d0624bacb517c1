import type { RedisError } from '@spillway/redis';
import { StoreError } from '@spillway/store';

/** What a command of the store throws: of Redis as a whole, or of what a script was given. */
export function storeErrorOf(error: RedisError): StoreError {
  return new StoreError(error.blamesStore ? 'unavailable' : 'refused', error.message);
}

/** The stable codes of `RedisStoreError`. */
export function pieceMissing(): StoreError {
  const message = 'Redis lost the first part of a message while the rest was on its way';
  return new StoreError('unavailable', message);
}

/** An expected failure of a store on Redis; its code is stable. */
export function rebuildUnderWay(): StoreError {
  return new StoreError('rebuild-under-way', 'a rebuild of the live store is under way');
}

export function rebuildLost(): StoreError {
  const message = 'the rebuild took too long between two steps, or another one began';
  return new StoreError('rebuild-lost', message);
}
