import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '@spillway/runtime';
import { logsBody, postOtlp } from '@spillway/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askRunning } from '../src/cli/control-client.ts';
import { findSocket } from '../src/cli/control-path.ts';
import type { Command, Requests } from '../src/cli/operations.ts';
import { spillwaySchema } from '../src/config.ts';
import { lagUnknownExpression } from '../src/docs/lag-alert.ts';
import { DataFolder } from '../src/folder/data-folder.ts';
import { registry } from '../src/modules/index.ts';
import { Spillway } from '../src/spillway.ts';
import { Archive, archiverModule, archiveStoreModule } from './support/archive.ts';

const dir = mkdtempSync(join(tmpdir(), 'spillway-archive-'));
const archive = new Archive();
const wider = registry.with({ ...archiveStoreModule, create: () => archive }, archiverModule);
let spillway: Spillway;

beforeAll(async () => {
  const config = spillwaySchema.parse({
    data: { dir },
    gateway: { httpPort: 0, grpcPort: 0 },
    console: { port: 0 },
    log: { level: 'error' },
  });
  const logger = createLogger(config.log);
  spillway = await Spillway.create({ config, logger, registry: wider, roles: wider.roles });
  await spillway.start();
  await postOtlp(spillway.addresses, 'logs', logsBody('shop', ['one', 'two', 'three']));
  while (!(await caughtUp())) await sleep(50);
}, 120_000);
afterAll(async () => {
  await spillway.stop();
  rmSync(dir, { recursive: true });
});

const heard = { onProgress: () => {}, onItems: () => {} };

/** As `spillway audit` and the like do. */
async function command<C extends Command>(name: C, options: Requests[C]['options']) {
  const socket = findSocket(new DataFolder(dir)) ?? '';
  const answer = await askRunning({ socket, command: name, options, ...heard });
  if (!answer) throw new Error('no process answers');
  return answer.result;
}

async function caughtUp(): Promise<boolean> {
  const lags = await command('lag', {});
  return lags.length > 0 && lags.every(({ messages }) => messages === 0);
}

async function ask<T>(path: string): Promise<T> {
  const answer = await fetch(spillway.addresses.console + path);
  return (await answer.json()) as T;
}

it('in lag, of the command and of the query API', async () => {
  const lags = await command('lag', { group: 'archiver' });
  expect(new Set(lags.map(({ topic }) => topic))).toEqual(
    new Set(['otlp_spans', 'otlp_metrics', 'otlp_logs']),
  );
  const { lag, unknownGroups } = await ask<{ lag: { group: string }[]; unknownGroups: string[] }>(
    '/api/lag',
  );
  expect(lag.map(({ group }) => group)).toContain('archiver');
  expect(unknownGroups).toEqual([]);
});

it('in freshness, which every answer carries', async () => {
  const { behind } = await ask<{ behind: Record<string, number | null> }>('/api/lag');
  expect(behind).toEqual({ writer: 0, search: 0, live: 0, archive: 0 });
});

it('in metrics, and in the alerts', async () => {
  const metrics = await (await fetch(`${spillway.addresses.console}/metrics`)).text();
  expect(metrics).toMatch(/^spillway_lag_messages\{.*group="archiver".*\} 0$/m);
  expect(metrics).toMatch(/^spillway_consumer_records_total\{.*group="archiver".*"stored".*\} 3$/m);
  expect(metrics).toMatch(/^spillway_component_up\{component="archiver"\} 1$/m);
  expect(lagUnknownExpression(wider)).toMatch(
    / or absent\(spillway_lag_messages\{group="archiver"\}\)/,
  );
});

it('in the topics, so that a broker with queues makes its own', () => {
  const [spans] = wider.topics(2);
  expect(spans).toEqual({
    name: 'otlp_spans',
    partitions: 2,
    groups: ['writer', 'search', 'live', 'archiver'],
  });
});

it('can be paused by its name', async () => {
  expect(await command('pause', { group: 'archiver' })).toEqual({
    group: 'archiver',
    paused: true,
  });
  expect(await command('resume', { group: 'archiver' })).toMatchObject({ paused: false });
});

it('in the audit, which names what its store lost', async () => {
  const whole = await command('audit', {});
  expect(whole.bySink.archive).toMatchObject({ accepted: 3, stored: 3, unaccounted: 0 });
  expect(whole.totals).toMatchObject({ accepted: 3, stored: 3, searchable: 3, unaccounted: 0 });
  archive.lose();
  const { totals, missingRows, bySink } = await command('audit', {});
  expect(missingRows).toMatchObject([{ sink: 'archive', rows: 3 }]);
  expect([totals.unaccounted, bySink.writer?.unaccounted]).toEqual([3, 0]);
});
