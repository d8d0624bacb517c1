import { setTimeout as sleep } from 'node:timers/promises';
import { runSpillway } from '@spillway/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { namesOfMegabytesBody } from './siege/attacks/names.ts';
import { AttackLab } from './support/attack-lab.ts';
import { post } from './support/requests.ts';

const MiB = 1024 * 1024;
const logBytesMax = 16 * MiB;
const recordsPerRequest = 2;
let lab: AttackLab;

beforeAll(async () => {
  lab = await AttackLab.start({ args: ['--broker.embedded.logBytesMax', String(logBytesMax)] });
});

afterAll(() => lab?.close());

interface Report {
  totals: Record<string, number>;
  bySink: Record<string, Record<string, number>>;
}

/** Until nothing waits in the log or lies in the spill. */
async function drained(): Promise<Report> {
  for (;;) {
    const { stdout } = await runSpillway(['audit', '--json', '--data', lab.dataDir]);
    const report = JSON.parse(stdout || '{}') as Partial<Report>;
    const { totals = {}, bySink = {} } = report;
    if (totals.waiting === 0 && totals.spilled === 0 && bySink.search?.waiting === 0) {
      return { totals, bySink };
    }
    await sleep(200);
  }
}

async function acknowledgedBy(): Promise<string | null> {
  const { bytes } = namesOfMegabytesBody(0);
  const headers = {
    'content-type': 'application/x-protobuf',
    authorization: `Bearer ${lab.evilKey}`,
  };
  const url = `${lab.addresses.otlpHttp}/v1/traces`;
  const response = await fetch(url, { method: 'POST', headers, body: bytes });
  return response.headers.get('x-spillway-ack');
}

it('a log full of what becomes dead letters goes forward by itself, and all is accounted for', async () => {
  // Each is a dead letter of the search store: five times what the log holds.
  let accepted = 0;
  for (let request = 0; request < 40; request++) {
    const status = await post(lab, namesOfMegabytesBody(request));
    expect([200, 503]).toContain(status);
    if (status === 200) accepted += recordsPerRequest;
  }
  expect(accepted * MiB).toBeGreaterThan(2 * logBytesMax);

  const { bySink } = await drained();
  expect(await lab.verdict()).toMatchObject({ unaccounted: 0, waiting: 0, spilled: 0 });
  const { deadLettered = 0, expired = 0 } = bySink.search ?? {};
  // Of the other tenant's records none had to go.
  expect(deadLettered + expired).toBe(accepted);
  expect(expired).toBeGreaterThan(0);
  // And the log itself takes messages again.
  expect(await acknowledgedBy()).toBe('broker');
}, 300_000);
