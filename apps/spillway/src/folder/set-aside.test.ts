import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Broker, PartitionLag } from '@spillway/broker';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SetAside, type SetAsideEvent } from './set-aside.ts';
import { keptAside } from './set-aside-notes.ts';

const nowMs = 1_000_000;
const name = 'postgres.set-aside-2026-11-29T100000000Z';

const stores = [
  { folder: 'postgres', title: 'write store' },
  { folder: 'search', title: 'search store' },
];

let dataDir: string;
let events: SetAsideEvent[];
let missingUpToMs: number;
let expired: number;
let position: number;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'spillway-aside-'));
  mkdirSync(join(dataDir, name));
  mkdirSync(join(dataDir, 'log'));
  writeFileSync(join(dataDir, 'format.json'), '');
  writeFileSync(join(dataDir, 'log', 'format'), '');
  events = [];
  [missingUpToMs, expired, position] = [0, 0, 0];
});
afterEach(() => rmSync(dataDir, { recursive: true }));

function setAside(): SetAside {
  const at = { topic: 'otlp_spans', partition: 0 };
  const lag = { ...at, messages: 100, seconds: 0, committed: 0, start: 0, end: 100 };
  const lags = (group: string): PartitionLag[] =>
    group === 'writer' ? [{ ...lag, group, expired }] : [];
  const broker = {
    lag: async (group: string) => lags(group),
    topics: async () => [{ name: at.topic, partitions: 1 }],
    positionAt: async () => 100,
    capabilities: { missingUpToMs: () => missingUpToMs },
  } as unknown as Broker;
  const capabilities = { nextPositions: async () => [{ ...at, position }] };
  const topics = new Set([at.topic]);
  const filled = { sink: { capabilities }, groups: ['writer'], topics, retentionMs: 1_000 };
  return new SetAside({
    dataDir,
    broker,
    stores: stores.map((store) => ({ ...store, ...filled })),
    report: (event) => events.push(event),
    clock: () => nowMs,
  });
}

const kept = () => readdirSync(dataDir).includes(name);

it('keeps a store until another is filled as far as the log went, then removes it', async () => {
  const first = setAside();
  await first.start();
  await first.look();
  position = 99;
  await first.look();
  await first.stop();
  expect(kept()).toBe(true);
  expect(await keptAside(dataDir, stores)).toEqual([]);
  // Another process goes by what the first one noted.
  missingUpToMs = nowMs;
  position = 100;
  await setAside().look();
  expect(readdirSync(dataDir)).toEqual(['format.json', 'log']);
  expect(events).toMatchObject([{ type: 'set-aside-removed', path: join(dataDir, name) }]);
});

it('removes one when the log lacks only what was too old for it', async () => {
  missingUpToMs = nowMs - 1_001;
  position = 100;
  await setAside().look();
  expect(kept()).toBe(false);
});

it('keeps one for good that the log cannot make again, and says so at each start', async () => {
  missingUpToMs = nowMs - 999;
  position = 100;
  for (let starts = 0; starts < 2; starts++) {
    const component = setAside();
    await component.start();
    await component.look();
    await component.stop();
  }
  expect(kept()).toBe(true);
  expect(events.map(({ type }) => type)).toEqual(['set-aside-kept', 'set-aside-kept']);
  expect(await keptAside(dataDir, stores)).toEqual([
    { path: join(dataDir, name), reason: expect.stringContaining('it may be the only copy') },
  ]);
});

it('keeps one when the log was begun anew', async () => {
  utimesSync(join(dataDir, 'format.json'), 1, 1);
  position = 100;
  await setAside().look();
  expect(kept()).toBe(true);
});

it('keeps one when retention was faster than the filling', async () => {
  await setAside().look();
  [expired, position] = [3, 100];
  await setAside().look();
  expect(kept()).toBe(true);
  expect(events).toMatchObject([{ type: 'set-aside-kept' }]);
  expect(await keptAside(dataDir, stores)).toHaveLength(1);
});
