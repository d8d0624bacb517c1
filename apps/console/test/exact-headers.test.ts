/** What every answer says to browsers and caches: nothing of it may change unnoticed. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningConsole, runConsole } from './support/running-console.ts';

const keys = { find: (key: string) => (key === 'good' ? principal : undefined) };
const principal = { tenant: 'acme', scopes: ['query'] };
const json = 'application/json; charset=utf-8';
const common = {
  'content-security-policy': [
    "base-uri 'none'",
    "connect-src 'self'",
    "default-src 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "img-src 'self' data:",
    "script-src 'self'",
    "style-src 'self'",
  ],
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  connection: 'keep-alive',
};
const never = { ...common, 'cache-control': 'no-store' };
/** Lists in which neither order nor spaces count, sorted. */
const lists = new Set(['content-security-policy', 'set-cookie']);
/** Of the moment, or of the connection. */
const passing = new Set(['date', 'keep-alive', 'content-length', 'last-modified', 'etag']);

let console: RunningConsole;
let pageFolder: string;
beforeAll(async () => {
  pageFolder = await mkdtemp(join(tmpdir(), 'spillway-headers-'));
  await mkdir(join(pageFolder, 'assets'));
  await writeFile(join(pageFolder, 'index.html'), '<!doctype html><title>Page</title>');
  await writeFile(join(pageFolder, 'assets/page-1.js'), 'export {};');
  console = await runConsole({ messages: [], options: { keys, pageFolder } });
});
afterAll(async () => {
  await console.stop();
  await rm(pageFolder, { recursive: true });
});

interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

async function headersOf(path: string, asked: Asked = {}): Promise<Record<string, unknown>> {
  const { hostname, port } = new URL(console.address);
  const { method = 'GET', body } = asked;
  const headers = { ...asked.headers, ...(body && { 'content-length': Buffer.byteLength(body) }) };
  return await new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers }, (answer) => {
      const kept = Object.entries(answer.headers)
        .filter(([name]) => !passing.has(name))
        .map(([name, value]) => [name, lists.has(name) ? partsOf(value) : value]);
      answer.resume().once('end', () => resolve(Object.fromEntries(kept)));
    });
    sent.once('error', reject).end(body);
  });
}

function partsOf(value: string | string[] | undefined): string[] {
  return [value]
    .flat()
    .join()
    .split(';')
    .map((part) => part.trim())
    .sort();
}

const bearer = { authorization: 'Bearer good' };
const typed = { 'content-type': 'application/json' };

it.each<[string, string, Asked, Record<string, unknown>]>([
  ['an answer', '/api/services', { headers: bearer }, { ...never, 'content-type': json }],
  [
    'one without a key',
    '/api/services',
    {},
    { ...never, 'content-type': json, 'www-authenticate': 'Bearer' },
  ],
  [
    'a wrong question',
    '/api/traces?limit=0',
    { headers: bearer },
    { ...never, 'content-type': json },
  ],
  ['an unknown path', '/api/nothing', {}, { ...never, 'content-type': json }],
  ['a probe', '/live', {}, { ...never, 'content-type': json }],
  [
    'the session that is opened',
    '/api/session',
    { method: 'POST', headers: typed, body: '{"key":"good"}' },
    {
      ...never,
      'content-type': json,
      'set-cookie': ['HttpOnly', 'Path=/', 'SameSite=Strict', 'spillway_key=good'],
    },
  ],
  [
    'over TLS, as the page says it came',
    '/api/session',
    {
      method: 'POST',
      headers: { ...typed, host: 'localhost:8080', origin: 'https://localhost:8080' },
      body: '{"key":"good"}',
    },
    {
      ...never,
      'content-type': json,
      'set-cookie': ['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure', 'spillway_key=good'],
    },
  ],
  [
    'the session that is closed',
    '/api/session',
    { method: 'DELETE' },
    {
      ...never,
      'set-cookie': ['HttpOnly', 'Max-Age=0', 'Path=/', 'SameSite=Strict', 'spillway_key='],
    },
  ],
])('%s has these headers and no others', async (_, path, asked, wanted) => {
  expect(await headersOf(path, asked)).toEqual(wanted);
});

it('the page is asked for again each time, its files are kept for ever', async () => {
  const file = { ...common, 'accept-ranges': 'bytes', vary: 'accept-encoding' };
  expect(await headersOf('/')).toEqual({
    ...file,
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
  });
  expect(await headersOf('/assets/page-1.js')).toEqual({
    ...file,
    'content-type': 'application/javascript; charset=utf-8',
    'cache-control': 'public, max-age=31536000, immutable',
  });
});

it('a key in a cookie may have any characters, and what is no cookie is no key', async () => {
  const odd = { cookie: 'a=b; spillway_key=%67ood; c' };
  expect((await headersOf('/api/services', { headers: odd }))['www-authenticate']).toBeUndefined();
  for (const cookie of ['spillway_key=%E0%A4', 'spillway_key', 'spillway_key=', 'x=good', ';;=']) {
    const headers = await headersOf('/api/services', { headers: { cookie } });
    expect(headers['www-authenticate'], cookie).toBe('Bearer');
  }
});
