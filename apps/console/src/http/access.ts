/** Identifies who asks, and whether a page of this console asked the browser to. */

import { isLoopback } from '@spillway/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Keys } from '../ports.ts';
import { QueryError } from './errors.ts';

/** The tenant that asks, and what its key allows. */
export interface Caller {
  tenant: string;
  scopes: ReadonlySet<string>;
}

const cookieName = 'spillway_key';

/** Without keys the console answers only on loopback, as the default tenant, with every scope. */
const localCaller: Caller = { tenant: 'default', scopes: new Set(['query', 'admin']) };

/**
 * Finds who asks by the API key, from the `Authorization` header or the cookie; the tenant comes
 * from the key alone.
 * @throws QueryError `unauthenticated` when the key is missing or not known
 */
export function callerOf(request: FastifyRequest, keys: Keys | undefined): Caller {
  if (!keys) return localCaller;
  const key = bearerOf(request) ?? request.cookies[cookieName];
  if (!key)
    throw new QueryError('unauthenticated', 'an API key is required (Authorization: Bearer)');
  return callerOfKey(key, keys);
}

/**
 * Finds who has an API key.
 * @throws QueryError `unauthenticated` when it is not known
 */
export function callerOfKey(key: string, keys: Keys): Caller {
  const principal = keys.find(key);
  if (!principal) throw new QueryError('unauthenticated', 'the API key is not known');
  return { tenant: principal.tenant, scopes: new Set(principal.scopes) };
}

/** Throws the `QueryError` `forbidden` when the caller's key lacks the scope. */
export function demandScope(caller: Caller, scope: 'query' | 'admin'): void {
  if (caller.scopes.has(scope)) return;
  throw new QueryError('forbidden', `the API key lacks the scope ${scope}`);
}

/**
 * Throws the `QueryError` `wrong-origin` when a page of another site made the browser ask, which
 * its headers say. Tools that are not browsers send neither header.
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
 * Throws the `QueryError` `wrong-host` for any name but those of loopback: a foreign name that
 * resolves to this machine (DNS rebinding) would make a foreign page same-origin with the console.
 */
export function demandLoopbackHost(request: FastifyRequest): void {
  const host = request.headers.host ?? '';
  if (isLoopback(host.replace(/:\d+$/, ''))) return;
  const got = host.slice(0, 100);
  throw new QueryError('wrong-host', `use localhost or a loopback address, not ${got}`);
}

/** Readable by no script, sent by no other site. */
const cookieOptions = { path: '/', httpOnly: true, sameSite: 'strict' } as const;

/**
 * Keeps an API key in the browser as a cookie that no script can read. It is `Secure` only when the
 * page itself came over TLS, or the browser would drop it.
 */
export function setSessionCookie(reply: FastifyReply, key: string): void {
  const secure = reply.request.headers.origin?.startsWith('https:') ?? false;
  reply.setCookie(cookieName, key, { ...cookieOptions, secure });
}

/** Makes the browser forget the cookie with the API key. */
export function expireSessionCookie(reply: FastifyReply): void {
  reply.setCookie(cookieName, '', { ...cookieOptions, maxAge: 0 });
}

function bearerOf(request: FastifyRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
