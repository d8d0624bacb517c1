import {
  type Addresses,
  logsBody,
  postOtlp,
  spanIdOf,
  traceIdOf,
  tracesBody,
} from '@spillway/test-support';
import { Lab } from '@spillway/test-support/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const lab = new Lab();

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
  await lab.caughtUp(addresses);
  expect(await lab.spillway.end('SIGTERM')).toBe(0);
}, 180_000);

afterAll(() => lab.close());

describe('spillway audit', () => {
  it('agrees before anything is taken away', async () => {
    const { code, report, text } = await lab.audit();
    expect(code, text).toBe(0);
    expect(report.totals).toMatchObject({ accepted: 40, stored: 40, searchable: 40 });
  }, 60_000);

  it('names 7 deleted rows and 5 deleted documents by tenant and minute, and exits 1', async () => {
    const ground = await lab.ground;
    await ground.deleteRows('span', 7);
    await ground.deleteLogDocuments(5);
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
    const ground = await tail.ground;
    expect(await ground.deleteLastMessages('otlp_logs', 3)).toBe(5);
    if (tail.stack === 'rabbitmq') {
      const before = await tail.audit();
      // Nobody can look into a queue: what is noted may be there, and is not called accounted for.
      expect(before.code, before.text).toBe(0);
      expect(before.report.totals).toMatchObject({ waiting: 0, undecided: 40, unaccounted: 0 });
      expect(before.report.open.some(({ undecided }) => undecided > 0)).toBe(true);
    }
    await tail.caughtUp(await tail.spillway.start());
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
