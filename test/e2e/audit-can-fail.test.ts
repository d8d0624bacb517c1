import { readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { PGlite } from '@electric-sql/pglite';
import {
  type Addresses,
  caughtUp,
  Lab,
  logsBody,
  postOtlp,
  spanIdOf,
  traceIdOf,
  tracesBody,
} from '@spillway/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const lab = new Lab();
const [entryHeaderBytes, segmentHeadBytes] = [24, 80];

async function send(addresses: Addresses): Promise<void> {
  for (let i = 0; i < 5; i++) {
    const spans = Array.from({ length: 6 }, (_, n) => ({
      traceId: traceIdOf(i * 10 + n),
      spanId: spanIdOf(n + 1),
    }));
    const logs = logsBody('shop', [`one ${i}`, `two ${i}`]);
    const traces = tracesBody('shop', spans);
    expect((await postOtlp(addresses, 'traces', traces)).status).toBe(200);
    expect((await postOtlp(addresses, 'logs', logs)).status).toBe(200);
  }
}

beforeAll(async () => {
  const addresses = await lab.spillway.start();
  await send(addresses);
  await caughtUp(addresses);
  expect(await lab.spillway.end('SIGTERM')).toBe(0);
}, 180_000);

afterAll(() => lab.close());

/** Cuts the last messages off a partition's log, as if they had never been written. */
function cutLast(partitionDir: string, messages: number): number {
  const segment = readdirSync(partitionDir)
    .filter((name) => name.endsWith('.log'))
    .sort()
    .at(-1) as string;
  const file = join(partitionDir, segment);
  const bytes = readFileSync(file);
  const offsets: number[] = [];
  for (let at = segmentHeadBytes; at + entryHeaderBytes <= bytes.length; ) {
    offsets.push(at);
    at += entryHeaderBytes + bytes.readUInt32LE(at + 8);
  }
  truncateSync(file, offsets.at(-messages) as number);
  return offsets.length;
}

describe('spillway audit', () => {
  it('agrees before anything is taken away', async () => {
    const { code, report, text } = await lab.audit();
    expect(code, text).toBe(0);
    expect(report.totals).toMatchObject({ accepted: 40, stored: 40, searchable: 40 });
  }, 60_000);

  it('names 7 deleted rows and 5 deleted documents by tenant and minute, and exits 1', async () => {
    const database = await PGlite.create({ dataDir: join(lab.dataDir, 'postgres/data') });
    await database.query('DELETE FROM span WHERE key IN (SELECT key FROM span LIMIT 7)');
    await database.close();
    const instance = await DuckDBInstance.create(join(lab.dataDir, 'search/search.duckdb'));
    const connection = await instance.connect();
    await connection.run(
      'DELETE FROM log_record WHERE key IN (SELECT key FROM log_record LIMIT 5)',
    );
    connection.closeSync();
    instance.closeSync();
    const { code, report, text } = await lab.audit();
    expect(code).toBe(1);
    expect(report.totals.unaccounted).toBe(12);
    const missing = (sink: string) =>
      report.missingRows
        .filter((each) => each.sink === sink && each.tenant === 'default')
        .reduce((sum, { rows }) => sum + rows, 0);
    expect([missing('writer'), missing('search')]).toEqual([7, 5]);
    const minute = new Date((report.missingRows[0]?.minute ?? 0) * 60_000).toISOString();
    expect(text).toContain(`${minute.slice(0, 16)}Z  tenant default  traces  writer: `);
  }, 120_000);
});

describe('spillway audit, when a tail of the log is lost', () => {
  const tail = new Lab();
  afterAll(() => tail.close());

  it('names the last 3 messages of a partition, accepted and never stored', async () => {
    const addresses = await tail.spillway.start();
    for (const group of ['writer', 'search', 'live']) {
      expect((await tail.command('pause', group)).code).toBe(0);
    }
    await send(addresses);
    expect(await tail.spillway.end('SIGTERM')).toBe(0);
    const topic = join(tail.dataDir, 'log/topics/otlp_logs');
    const [partition] = readdirSync(topic).filter((name) => {
      const dir = join(topic, name);
      return readdirSync(dir).some((file) => {
        return file.endsWith('.log') && readFileSync(join(dir, file)).length > segmentHeadBytes;
      });
    });
    expect(cutLast(join(topic, partition as string), 3)).toBe(5);
    await caughtUp(await tail.spillway.start());
    const { code, report, text } = await tail.audit();
    expect(code).toBe(1);
    const holes = report.holes.filter(({ sink }) => sink === 'writer');
    expect(holes).toHaveLength(3);
    expect(holes.every(({ tenant, records }) => tenant === 'default' && records === 2)).toBe(true);
    expect(report.totals.unaccounted).toBe(2 * 3 * 2);
    const minute = new Date((holes[0]?.minute ?? 0) * 60_000).toISOString().slice(0, 16);
    expect(text).toContain(`${minute}Z  tenant default  logs  writer: gw-1/`);
  }, 180_000);
});
