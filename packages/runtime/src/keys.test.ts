import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ConfigError } from './config-error.ts';
import { createKey, KeyRing, type KeyRingEvent } from './keys.ts';

const shop = { name: 'shop-prod', tenant: 'shop', scopes: ['ingest'] as const };
const ops = { name: 'ops', tenant: 'ops', scopes: ['query', 'admin'] as const };

let dir: string;
let file: string;
let events: KeyRingEvent[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'keys-'));
  file = join(dir, 'keys.yaml');
  events = [];
});
afterEach(() => rm(dir, { recursive: true }));

function ring() {
  const report = (event: KeyRingEvent) => void events.push(event);
  return new KeyRing({ file, configKey: 'gateway.keysFile', pollMs: 3_600_000, report });
}

async function startedWith(entries: unknown) {
  await writeFile(file, stringify(entries));
  const keys = ring();
  await keys.start();
  return keys;
}

describe('KeyRing', () => {
  it('finds a grant by its key alone, and stores no key', async () => {
    const { key, entry } = createKey(shop);
    const keys = await startedWith([entry]);
    expect(keys.find(key)).toEqual(shop);
    expect(keys.find(`${key}x`)).toBeUndefined();
    expect(keys.find(entry.sha256)).toBeUndefined();
    expect(JSON.stringify(entry)).not.toContain(key);
    await keys.stop();
  });

  it('makes keys of 256 random bits', () => {
    const made = new Set(Array.from({ length: 50 }, () => createKey(shop).key));
    expect(made.size).toBe(50);
    for (const key of made) expect(key).toMatch(/^spw_[A-Za-z0-9_-]{43}$/);
  });

  it('follows the file: a new key works, a removed one does not', async () => {
    const [before, after] = [createKey(shop), createKey(ops)];
    const keys = await startedWith([before.entry]);
    await writeFile(file, stringify([after.entry]));
    await keys.refresh();
    expect([keys.find(before.key), keys.find(after.key)]).toEqual([undefined, ops]);
    expect(events.map((event) => event.type)).toEqual(['keys-loaded', 'keys-loaded']);
    await keys.stop();
  });

  it('keeps the old keys while the file is broken or gone, tells it once, and recovers', async () => {
    const { key, entry } = createKey(shop);
    const keys = await startedWith([entry]);
    for (const broken of ['[{name: x', '- {name: x}', 'just text']) {
      await writeFile(file, broken);
      await keys.refresh();
      await keys.refresh();
      expect(keys.find(key)).toEqual(shop);
    }
    await rm(file);
    await keys.refresh();
    expect(keys.health().detail).toContain('kept from before: ENOENT');
    await writeFile(file, stringify([entry, createKey(ops).entry]));
    await keys.refresh();
    expect(keys.health()).toEqual({ ok: true, detail: '2 keys' });
    expect(events.map((event) => event.type)).toEqual([
      'keys-loaded',
      ...Array.from({ length: 4 }, () => 'keys-kept'),
      'keys-loaded',
    ]);
    await keys.stop();
  });

  it.each([
    ['a missing file', undefined, /ENOENT/],
    ['an unknown scope', [{ ...shop, scopes: ['write'], sha256: 'a'.repeat(64) }], /0\.scopes\.0/],
    ['a digest that is none', [{ ...shop, sha256: 'secret' }], /0\.sha256/],
    ['a tenant with a slash', [{ ...shop, tenant: 'a/b', sha256: 'a'.repeat(64) }], /0\.tenant/],
    ['two equal names', [createKey(shop).entry, createKey(shop).entry], /two keys are named/],
  ])('refuses to start on %s', async (_, entries, message) => {
    if (entries) await writeFile(file, stringify(entries));
    const failure = await ring()
      .start()
      .catch((error) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect(failure.message).toContain('gateway.keysFile');
    expect(failure.message).toMatch(message);
  });
});
