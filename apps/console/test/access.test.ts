import { request as httpRequest } from 'node:http';
import { LagBoard } from '@spillway/broker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consoleSection, createConsole } from '../src/index.ts';
import { type RunningConsole, runConsole } from './support/running-console.ts';
import { Shop } from './support/shop.ts';
import { sinks } from './support/sinks.ts';

const nowMs = Date.now();
const shops = ['acme', 'umbrella'].map((tenant) => new Shop({ nowMs, tenant, requests: 20 }));
const grants = new Map([
  ['acme-key', { tenant: 'acme', scopes: ['query'] }],
  ['umbrella-key', { tenant: 'umbrella', scopes: ['query', 'admin'] }],
  ['ingest-key', { tenant: 'acme', scopes: ['ingest'] }],
  ['metrics-key', { tenant: 'ops', scopes: ['metrics'] }],
]);
const keys = { find: (key: string) => grants.get(key) };
let keyed: RunningConsole;

beforeAll(async () => {
  const messages = shops.flatMap((shop) => shop.messages());
  keyed = await runConsole({ messages, options: { keys } });
});
afterAll(() => keyed.stop());

function ask(path: string, init: RequestInit = {}) {
  return fetch(keyed.address + path, init);
}

const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });
const json = { 'content-type': 'application/json' };

describe('with keys', () => {
  it('answers only a known key that has the scope', async () => {
    const none = await ask('/api/services');
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect((await ask('/api/services', bearer('guess'))).status).toBe(401);
    expect((await ask('/api/services', bearer('ingest-key'))).status).toBe(403);
    expect((await ask('/api/services', bearer('acme-key'))).status).toBe(200);
  });

  it('answers for the tenant of the key, whatever is asked', async () => {
    const trace = shops[0]?.spans[0]?.traceId;
    expect((await ask(`/api/traces/${trace}`, bearer('acme-key'))).status).toBe(200);
    expect((await ask(`/api/traces/${trace}`, bearer('umbrella-key'))).status).toBe(404);
  });

  it('a browser gets its key as a cookie that no script and no other site can use', async () => {
    const body = JSON.stringify({ key: 'acme-key' });
    const opened = await ask('/api/session', { method: 'POST', headers: json, body });
    expect(await opened.json()).toEqual({ tenant: 'acme', scopes: ['query'], keys: true });
    const cookie = opened.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    const headers = { cookie: cookie.split(';')[0] ?? '' };
    expect((await ask('/api/services', { headers })).status).toBe(200);
    const wrong = await ask('/api/session', {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ key: 'guess' }),
    });
    expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([401, null]);
    const closed = await ask('/api/session', { method: 'DELETE', headers });
    expect(closed.headers.get('set-cookie')).toMatch(/Max-Age=0/);
  });

  it('resubmitting needs admin', async () => {
    const init = { method: 'POST', body: JSON.stringify({ code: 'x' }) };
    const path = '/api/dead-letters/resubmit';
    const asked = (key: string) =>
      ask(path, { ...init, headers: { ...json, ...bearer(key).headers } });
    expect((await asked('acme-key')).status).toBe(403);
    expect((await asked('umbrella-key')).status).toBe(200);
  });
});

describe('a browser led astray', () => {
  it('gets no answer that costs something when another site makes it ask', async () => {
    for (const foreign of [
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ]) {
      const headers = { ...bearer('acme-key').headers, ...foreign } as Record<string, string>;
      for (const path of ['/api/services', '/%61pi/logs/histogram', '/metrics', '/ready']) {
        expect((await ask(path, { headers })).status, path).toBe(403);
      }
    }
    const own = { ...bearer('acme-key').headers, 'sec-fetch-site': 'same-origin' };
    expect((await ask('/api/services', { headers: own })).status).toBe(200);
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await ask('/', { headers: link })).status).toBeLessThan(504);
    expect((await ask('/', { headers: link })).status).not.toBe(403);
  });

  it('is refused when another site makes it post', async () => {
    const body = JSON.stringify({ key: 'acme-key' });
    for (const foreign of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      const headers = { ...json, ...foreign } as Record<string, string>;
      const answer = await ask('/api/session', { method: 'POST', headers, body });
      expect(answer.status).toBe(403);
    }
  });

  it('is refused when a foreign name resolves to this machine', async () => {
    expect(await statusFor('evil.example')).toBe(421);
    expect(await statusFor('localhost:8080')).toBe(200);
    expect(await statusFor('127.0.0.1.evil.example')).toBe(421);
  });

  it('gets a page that may run nothing but its own files', async () => {
    const { headers } = await ask('/');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    const api = await ask('/api/services', bearer('acme-key'));
    expect(api.headers.get('cache-control')).toBe('no-store');
  });
});

describe('beyond loopback', () => {
  it('refuses to start without keys, and names the key to set', async () => {
    const { search, live, broker } = keyed;
    const lagBoard = new LagBoard({ broker, groups: [] });
    const page = createConsole({
      config: consoleSection.parse({ host: '0.0.0.0', port: 0 }),
      search,
      live,
      lagBoard,
      sinks,
      ledger: () => Promise.reject(new Error('not asked')),
      deadLetters: {
        newest: async () => ({ deadLetters: [], isWhole: true }),
        show: async () => undefined,
        resubmit: async function* () {},
      },
      admin: {
        ready: () => ({ ok: true, components: [] }),
        metrics: async () => '',
        fleet: () => Promise.reject(new Error('not asked')),
      },
      clock: Date.now,
    });
    await expect(page.start()).rejects.toThrow(
      /console\.host: wanted .*keysFile.*got "0\.0\.0\.0"/,
    );
    await page.stop();
  });
});

describe('probes', () => {
  it('need no key, and then name no tenant and no component', async () => {
    expect((await ask('/live')).status).toBe(200);
    expect(await (await ask('/ready')).json()).toEqual({ ok: true });
    const metrics = await ask('/metrics');
    expect(metrics.headers.get('content-type')).toContain('openmetrics');
    expect(await metrics.text()).toBe('# tenants false\n# EOF\n');
  });

  it('show all of it to a key that may see it', async () => {
    const ready = await ask('/ready', bearer('acme-key'));
    expect(await ready.json()).toMatchObject({ components: [{ name: 'gateway' }] });
    expect((await ask('/metrics', bearer('acme-key'))).status).toBe(403);
    expect((await ask('/metrics', bearer('guess'))).status).toBe(401);
    expect(await (await ask('/metrics', bearer('metrics-key'))).text()).toContain('tenants true');
  });
});

/** `fetch` does not let the host be set. */
function statusFor(host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(keyed.address);
    const request = httpRequest({ hostname, port, path: '/live', headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    request.on('error', reject).end();
  });
}
