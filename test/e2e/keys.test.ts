import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKey, type KeyScope } from '@spillway/keys';
import { type Addresses, logsBody } from '@spillway/test-support';
import { Lab } from '@spillway/test-support/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

const dir = mkdtempSync(join(tmpdir(), 'spillway-keys-'));
const keysFile = join(dir, 'keys.yaml');
const lab = new Lab(['--gateway.keysFile', keysFile, '--console.keysFile', keysFile]);
const [north, south] = [makeKey('north'), makeKey('south')];
let addresses: Addresses;

beforeAll(async () => {
  writeKeys([north, south]);
  addresses = await lab.spillway.start();
}, 180_000);

afterAll(async () => {
  await lab.close();
  rmSync(dir, { recursive: true });
});

type Key = ReturnType<typeof makeKey>;

function makeKey(tenant: string, name = tenant) {
  const scopes: KeyScope[] = ['ingest', 'query'];
  return createKey({ name, tenant, scopes });
}

/** At once, as a mounted secret changes. */
function writeKeys(keys: readonly Key[]): void {
  writeFileSync(`${keysFile}.tmp`, stringify(keys.map(({ entry }) => entry)));
  renameSync(`${keysFile}.tmp`, keysFile);
}

async function send(key: string | undefined, bodies: readonly string[]): Promise<number> {
  const response = await fetch(`${addresses.otlpHttp}/v1/logs`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    body: logsBody('shop', bodies),
  });
  await response.text();
  return response.status;
}

async function ask(key: string, path: string): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(addresses.console + path, { headers });
  return { status: response.status, text: await response.text() };
}

/** Without the answers of the API, which are each tenant's own. */
async function caughtUp(): Promise<void> {
  for (let quiet = 0; quiet < 3; ) {
    const { stdout } = await lab.command('lag', '--json');
    const lags = JSON.parse(stdout) as { messages: number | null }[];
    quiet = lags.every(({ messages }) => messages === 0) ? quiet + 1 : 0;
  }
  await (await lab.ground).refresh();
}

describe('API keys', () => {
  it('are asked of senders', async () => {
    expect(await send(undefined, ['nobody'])).toBe(401);
    expect(await send('spw_unknown', ['nobody'])).toBe(401);
  });

  it('show each tenant its own data, whatever it asks for', async () => {
    expect(await send(north.key, ['a word of the north'])).toBe(200);
    expect(await send(south.key, ['a word of the south'])).toBe(200);
    await caughtUp();
    expect((await ask(north.key, '/api/logs?query=word&tenant=south')).status).toBe(400);
    const views = ['logs?query=word', 'logs/histogram?query=word', 'services', 'ledger'];
    for (const path of [...views, 'dead-letters', 'metrics'].map((view) => `/api/${view}`)) {
      const { status, text } = await ask(north.key, path);
      expect([path, status]).toEqual([path, 200]);
      expect(text, path).not.toMatch(/of the south|"south"/);
    }
    expect((await ask(north.key, '/api/logs?query=word')).text).toContain('a word of the north');
    expect((await ask(south.key, '/api/logs?query=word')).text).toContain('a word of the south');
  }, 60_000);

  it('are rotated under load without a refusal', async () => {
    const next = makeKey('north', 'north-2');
    let key = north.key;
    let stopped = false;
    const statuses = new Map<number, number>();
    const worker = async (): Promise<void> => {
      while (!stopped) {
        const status = await send(key, ['steady']);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const workers = [worker(), worker(), worker(), worker()];
    const moment = () => new Promise((resolve) => setTimeout(resolve, 500));
    await moment();
    // Both are known before the new one is used, and the old one goes when nobody has it.
    writeKeys([north, next, south]);
    while ((await send(next.key, ['steady'])) !== 200) await moment();
    key = next.key;
    await moment();
    writeKeys([next, south]);
    while ((await send(north.key, ['late'])) === 200) await moment();
    await moment();
    stopped = true;
    await Promise.all(workers);
    expect([...statuses.keys()]).toEqual([200]);
    expect(statuses.get(200)).toBeGreaterThan(20);
    expect(await send(north.key, ['late'])).toBe(401);
  }, 120_000);
});
