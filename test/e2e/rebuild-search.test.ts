import { type Addresses, query, runSpillway } from '@spillway/test-support';
import { Lab } from '@spillway/test-support/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const lab = new Lab();
let addresses: Addresses;

beforeAll(async () => {
  addresses = await lab.spillway.start();
  const words = ['--traces', '40', '--spans', '5', '--logs', '60', '--points', '80'];
  const sent = await runSpillway(['send', ...words, '--endpoint', addresses.otlpHttp]);
  expect(sent.code, sent.stderr).toBe(0);
  await lab.caughtUp(addresses);
}, 180_000);

afterAll(() => lab.close());

/** What the console would show, without what says how fresh it is. */
async function answers(): Promise<unknown> {
  const range = 'from=now-1h&to=now&limit=500';
  const { traces } = await query<{ traces: { traceId: string }[] }>(
    addresses,
    `/api/traces?${range}`,
  );
  const paths = [`/api/logs?${range}`, `/api/metrics?${range}`];
  for (const { traceId } of traces.slice(0, 20)) paths.push(`/api/traces/${traceId}`);
  const rest = await Promise.all(
    paths.map((path) => query<Record<string, unknown>>(addresses, path)),
  );
  return [traces, ...rest.map(({ behind, behindSeconds, fromMs, toMs, ...answer }) => answer)];
}

describe('spillway rebuild search', () => {
  it('gives the same answers from the write store, while it runs', async () => {
    const before = await answers();
    const rebuilt = await lab.command('rebuild', 'search');
    expect(rebuilt.code, rebuilt.stderr).toBe(0);
    expect(JSON.parse(rebuilt.stdout)).toMatchObject({ records: 340 });
    await lab.caughtUp(addresses);
    expect(await answers()).toEqual(before);
    const { code, text } = await lab.audit();
    expect(code, text).toBe(0);
  }, 120_000);

  it('gives the same answers after the search store was deleted', async () => {
    const before = await answers();
    expect(await lab.spillway.end('SIGTERM')).toBe(0);
    await (await lab.ground).deleteSearchStore();
    const rebuilt = await lab.command('rebuild', 'search');
    expect(rebuilt.code, rebuilt.stderr).toBe(0);
    addresses = await lab.spillway.start();
    await lab.caughtUp(addresses);
    expect(await answers()).toEqual(before);
    const { code, text } = await lab.audit();
    expect(code, text).toBe(0);
  }, 120_000);

  it('builds the live roll-ups anew', async () => {
    const services = () => query<{ services: unknown[] }>(addresses, '/api/services');
    const before = (await services()).services.length;
    const rebuilt = await lab.command('rebuild', 'live');
    expect(rebuilt.code, rebuilt.stderr).toBe(0);
    await lab.caughtUp(addresses);
    expect((await services()).services).toHaveLength(before);
  }, 60_000);
});
