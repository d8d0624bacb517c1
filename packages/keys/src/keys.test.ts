import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@spillway/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createKey, KeyRing, type KeyRingEvent } from './keys.ts';

const shop = { name: 'shop-prod', tenant: 'shop', scopes: ['ingest'] as const };
const ops = { name: 'ops', tenant: 'ops', scopes: ['query', 'admin'] as const };

let dir: string;
let file: string;
let events: KeyRingEvent[];
let nowMs = 0;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'keys-'));
  file = join(dir, 'keys.yaml');
  events = [];
});
afterEach(() => rm(dir, { recursive: true }));

function ring() {
  const report = (event: KeyRingEvent) => void events.push(event);
  return new KeyRing({
    file,
    configKey: 'gateway.keysFile',
    pollMs: 3_600_000,
    monotonicMs: () => nowMs,
    report,
  });
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

  it('follows a wrong entry by leaving it out: what was removed is not valid any more', async () => {
    const [kept, removed, added] = [
      createKey(shop),
      createKey(ops),
      createKey({ ...ops, name: 'x' }),
    ];
    const keys = await startedWith([kept.entry, removed.entry]);
    await writeFile(file, stringify([{ name: 'wrong' }, kept.entry, added.entry]));
    await keys.refresh();
    const found = [kept, removed, added].map(({ key }) => keys.find(key)?.name);
    expect(found).toEqual([shop.name, undefined, 'x']);
    expect(events.at(-1)).toMatchObject({ type: 'keys-file-wrong', keys: 2 });
    expect(keys.health().detail).toMatch(/2 keys in force, the file is wrong: entry 0/);
    await keys.stop();
  });

  it('keeps of a file that is no list the keys whose digest still stands in it', async () => {
    const [kept, removed] = [createKey(shop), createKey(ops)];
    const keys = await startedWith([kept.entry, removed.entry]);
    await writeFile(file, `[{${stringify([kept.entry])}`);
    await keys.refresh();
    expect([keys.find(kept.key), keys.find(removed.key)]).toEqual([shop, undefined]);
    await writeFile(file, stringify([kept.entry]));
    await keys.refresh();
    expect(keys.health()).toEqual({ ok: true, detail: '1 keys' });
    await keys.stop();
  });

  it('has no key 10 s after the file went, tells it each minute, and recovers', async () => {
    const { key, entry } = createKey(shop);
    const keys = await startedWith([entry]);
    await rm(file);
    await keys.refresh();
    expect(keys.find(key)).toEqual(shop);
    nowMs += 10_000;
    await keys.refresh();
    expect(keys.find(key)).toBeUndefined();
    expect(keys.health()).toMatchObject({ ok: false });
    for (let second = 0; second < 120; second++) {
      nowMs += 1_000;
      await keys.refresh();
    }
    const told = events.filter(({ type }) => type === 'keys-file-wrong');
    expect(told).toHaveLength(3);
    await writeFile(file, stringify([entry]));
    await keys.refresh();
    expect(keys.find(key)).toEqual(shop);
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
