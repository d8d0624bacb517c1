import { isLoopback } from './loopback.ts';

/** A request for a probe, with what decides whether it may be answered. */
export interface ProbeQuestion {
  /** The address that the door listens on. */
  host: string;
  /** Undefined where no keys are configured for the door. */
  keys: { find(key: string): { scopes: Iterable<string> } | undefined } | undefined;
  authorization: string | undefined;
}

/** `isWhole`: with the names of tenants, and with what is unwell and where it lies. */
export type ProbeAccess = { status: 200; isWhole: boolean } | { status: 401 | 403 };

/**
 * What who watches over a process is shown: everything to a key of the scope `metrics`, and on
 * loopback where there are no keys. Without a key it is shown that the process is ready, and numbers
 * of all tenants together, but nothing at all of a door with keys beyond loopback.
 */
export function metricsAccess(question: ProbeQuestion): ProbeAccess {
  const { host, keys, authorization } = question;
  if (!keys) return { status: 200, isWhole: isLoopback(host) };
  if (authorization === undefined) {
    return isLoopback(host) ? { status: 200, isWhole: false } : { status: 401 };
  }
  const scopes = scopesOf(question);
  if (!scopes) return { status: 401 };
  return scopes.has('metrics') ? { status: 200, isWhole: true } : { status: 403 };
}

/** Who holds any key that may read sees the details; who holds none sees whether it is ready. */
export function readyAccess(question: ProbeQuestion): { isWhole: boolean } {
  const { host, keys } = question;
  if (!keys) return { isWhole: isLoopback(host) };
  const scopes = scopesOf(question);
  return { isWhole: ['metrics', 'query', 'admin'].some((scope) => scopes?.has(scope)) };
}

/** Undefined for a key that is not known, and for none. */
function scopesOf({ keys, authorization = '' }: ProbeQuestion): Set<string> | undefined {
  const key = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  const found = key === undefined ? undefined : keys?.find(key);
  return found && new Set(found.scopes);
}
