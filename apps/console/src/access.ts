/** Identifies who asks, and whether a page of this console asked the browser to. */

import { isLoopback } from '@spillway/runtime';
import type { FastifyRequest } from 'fastify';
import { QueryError } from './errors.ts';
import type { Keys } from './ports.ts';

export interface Caller {
  tenant: string;
  scopes: ReadonlySet<string>;
}

const cookieName = 'spillway_key';

/** Without keys the console answers only on loopback, as the default tenant, with every scope. */
const localCaller: Caller = { tenant: 'default', scopes: new Set(['query', 'admin']) };

/** The tenant comes from the key alone. */
export function callerOf(request: FastifyRequest, keys: Keys | undefined): Caller {
  if (!keys) return localCaller;
  const key = bearerOf(request) ?? cookieOf(request);
  if (!key)
    throw new QueryError('unauthenticated', 'an API key is required (Authorization: Bearer)');
  return callerOfKey(key, keys);
}

export function callerOfKey(key: string, keys: Keys): Caller {
  const principal = keys.find(key);
  if (!principal) throw new QueryError('unauthenticated', 'the API key is not known');
  return { tenant: principal.tenant, scopes: new Set(principal.scopes) };
}

export function demandScope(caller: Caller, scope: 'query' | 'admin'): void {
  if (caller.scopes.has(scope)) return;
  throw new QueryError('forbidden', `the API key lacks the scope ${scope}`);
}

/**
 * A page of another site may make a browser post here, but the browser then says so. Tools that
 * are not browsers send neither header.
 */
export function demandSameOrigin(request: FastifyRequest): void {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  const foreignOrigin = origin !== undefined && hostOf(origin) !== host;
  if (!foreignSite && !foreignOrigin) return;
  throw new QueryError('wrong-origin', 'this request came from a page of another origin');
}

/**
 * On loopback only loopback names are answered: a foreign name that resolves to this machine (DNS
 * rebinding) would make a foreign page same-origin with the console.
 */
export function demandLoopbackHost(request: FastifyRequest): void {
  const host = request.headers.host ?? '';
  if (isLoopback(host.replace(/:\d+$/, ''))) return;
  const got = host.slice(0, 100);
  throw new QueryError('wrong-host', `use localhost or a loopback address, not ${got}`);
}

/** `Secure` only when the page itself came over TLS, else the browser would drop the cookie. */
export function sessionCookie(key: string, request: FastifyRequest): string {
  const secure = request.headers.origin?.startsWith('https:') ? '; Secure' : '';
  return `${cookieName}=${encodeURIComponent(key)}; Path=/; HttpOnly; SameSite=Strict${secure}`;
}

export const expiredCookie = `${cookieName}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`;

function bearerOf(request: FastifyRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

function cookieOf(request: FastifyRequest): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2);
    if (name !== cookieName || !value) continue;
    try {
      return decodeURIComponent(value);
    } catch {
      return undefined;
    }
  }
  return undefined;
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
