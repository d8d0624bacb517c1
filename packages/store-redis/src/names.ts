import { createHash } from 'node:crypto';
import { operationBytesMax, rollUpName, serviceBytesMax } from '@spillway/store/live';
import { LRUCache } from 'lru-cache';

/** Entries of each cache. */
const knownMax = 10_000;
/** Longer ones are made each time, so that a cache is bounded in bytes, too. */
const knownCharsMax = 500;

export const separator = '\u0000';

/** Keys name what they count by 64 bits of a hash, as the script does for edges. */
export function idOf(kind: 's' | 'o' | 'e', name: string): string {
  const text = `${kind}${separator}${name}`;
  return remembered(ids, text, () => createHash('sha1').update(text).digest('hex').slice(0, 16));
}

export function serviceName(service: string): string {
  return remembered(services, service, () => rollUpName(service, serviceBytesMax));
}

export function operationName(service: string, kind: number, operation: string): string {
  const short = remembered(operations, operation, () => rollUpName(operation, operationBytesMax));
  return [serviceName(service), kind, short].join(separator);
}

/** Braces and colons would change the slot of a key, or its meaning. */
export function tenantName(tenant: string): string {
  return encodeURIComponent(tenant.toWellFormed());
}

const ids = newCache();
const services = newCache();
const operations = newCache();

type Cache = LRUCache<string, string>;

function newCache(): Cache {
  return new LRUCache({ max: knownMax });
}

function remembered(cache: Cache, text: string, make: () => string): string {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const value = make();
  if (text.length > knownCharsMax) return value;
  cache.set(text, value);
  return value;
}
