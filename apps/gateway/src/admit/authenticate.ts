import { defaultTenant } from '@spillway/broker';
import type { KeyRing } from '@spillway/keys';
import { Refusal } from '../model/refusal.ts';

/** The tenant that a request's `Authorization: Bearer <key>` may write to. */
export function authenticate(
  authorization: string | undefined,
  keys: KeyRing | undefined,
): string | Refusal {
  if (!keys) return defaultTenant;
  if (authorization === undefined) {
    return new Refusal('no-key', 'no API key: send it as `Authorization: Bearer <key>`');
  }
  const key = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  const grant = key === undefined ? undefined : keys.find(key);
  if (!grant) return new Refusal('wrong-key', 'the API key is not known');
  if (!grant.scopes.includes('ingest')) {
    return new Refusal('scope-missing', `the API key ${grant.name} lacks the scope ingest`);
  }
  return grant.tenant;
}
