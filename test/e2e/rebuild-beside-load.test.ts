import {
  type Addresses,
  logsBody,
  postOtlp,
  query,
  runSpillway,
  spanIdOf,
  traceIdOf,
  tracesBody,
} from '@spillway/test-support';
import { Lab } from '@spillway/test-support/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const lab = new Lab();
const noise = 'noise';
let addresses: Addresses;
let range: string;

beforeAll(async () => {
  addresses = await lab.spillway.start();
  const fromMs = Date.now() - 60_000;
  const words = ['--traces', '40', '--spans', '5', '--logs', '60', '--points', '80'];
  const sent = await runSpillway(['send', ...words, '--endpoint', addresses.otlpHttp]);
  expect(sent.code, sent.stderr).toBe(0);
  await lab.caughtUp(addresses);
  range = `from=${fromMs}&to=${Date.now()}`;
}, 180_000);

afterAll(() => lab.close());

interface Named {
  service?: string;
  services?: string[];
}

/** What the console shows of everything but the noise. */
async function answers(): Promise<unknown> {
  const ask = async (path: string, key: string): Promise<Named[]> => {
    const answer = await query<Record<string, Named[]>>(addresses, `${path}?${range}&limit=500`);
    const items = answer[key] as Named[];
    return items.filter(({ service, services }) => service !== noise && !services?.includes(noise));
  };
  const map = await query<{ edges: unknown[] }>(addresses, `/api/map?${range}`);
  expect(map.edges.length).toBeGreaterThan(0);
  return {
    edges: map.edges,
    services: await ask('/api/services', 'services'),
    traces: await ask('/api/traces', 'traces'),
    logs: await ask('/api/logs', 'logs'),
    metrics: await ask('/api/metrics', 'metrics'),
  };
}

/** Sends until it is told to stop; answers how many records of each kind were acknowledged. */
function startLoad(): { stop: () => Promise<{ spans: number; logs: number }> } {
  let stopped = false;
  const acknowledged = { spans: 0, logs: 0 };
  const run = async (): Promise<void> => {
    for (let n = 1; !stopped; n++) {
      const spans = [1, 2, 3].map((i) => ({
        traceId: traceIdOf(100_000 + n),
        spanId: spanIdOf(i),
      }));
      const lines = [1, 2].map((i) => `line ${n} ${i}`);
      const traces = await postOtlp(addresses, 'traces', tracesBody(noise, spans));
      const logs = await postOtlp(addresses, 'logs', logsBody(noise, lines));
      if (traces.status === 200) acknowledged.spans += spans.length;
      if (logs.status === 200) acknowledged.logs += lines.length;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const running = run();
  return {
    stop: async () => {
      stopped = true;
      await running;
      return acknowledged;
    },
  };
}

describe('a rebuild beside a running pipeline', () => {
  it('gives the same answers, loses nothing that comes meanwhile, and the account adds up', async () => {
    const before = await answers();
    const load = startLoad();
    for (const store of ['search', 'live']) {
      const rebuilt = await lab.command('rebuild', store);
      expect(rebuilt.code, rebuilt.stderr).toBe(0);
    }
    const { spans, logs } = await load.stop();
    expect(spans).toBeGreaterThan(0);
    await lab.caughtUp(addresses);
    expect(await answers()).toEqual(before);
    const { code, report, text } = await lab.audit();
    expect(code, text).toBe(0);
    const sent = 40 * 5 + 60 + 80;
    const accepted = sent + spans + logs;
    expect(report.totals).toMatchObject({ accepted, stored: accepted, searchable: accepted });
  }, 180_000);
});
