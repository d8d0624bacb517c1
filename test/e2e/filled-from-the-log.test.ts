import { type Addresses, query, runSpillway } from '@spillway/test-support';
import { Lab } from '@spillway/test-support/lab';
import { afterAll, beforeAll, expect, it } from 'vitest';

const lab = new Lab();
let addresses: Addresses;

beforeAll(async () => {
  addresses = await lab.spillway.start();
  const words = ['--traces', '20', '--spans', '3', '--logs', '10', '--points', '10'];
  const sent = await runSpillway(['send', ...words, '--endpoint', addresses.otlpHttp]);
  expect(sent.code, sent.stderr).toBe(0);
  await lab.caughtUp(addresses);
}, 180_000);

afterAll(() => lab.close());

async function traces(): Promise<unknown> {
  const path = '/api/traces?from=now-1h&to=now&limit=500';
  return (await query<{ traces: unknown[] }>(addresses, path)).traces;
}

it('an embedded search store that is only deleted is filled again from the log', async () => {
  const before = await traces();
  expect(before).toHaveLength(20);
  expect(await lab.spillway.end('SIGTERM')).toBe(0);
  await (await lab.ground).deleteSearchStore();
  addresses = await lab.spillway.start();
  await lab.caughtUp(addresses);
  expect(await traces()).toEqual(before);
}, 120_000);
