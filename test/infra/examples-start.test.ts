/** Each file of infra/examples, started on the real servers, from a span sent to it accounted for. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createKey } from '@spillway/keys';
import { type Addresses, runSpillway, SpillwayProcess } from '@spillway/test-support';
import { afterAll, afterEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ExampleServers } from './src/example-servers.ts';
import { pathOf } from './src/repository.ts';

type Env = Record<string, string>;

const servers = new ExampleServers();
const processes: SpillwayProcess[] = [];
const roles = ['gateway', 'writer', 'search-projector', 'live-projector', 'console'];
const records = { spans: 40, logs: 20, points: 20 };
const startTimeoutMs = 300_000;

interface Example {
  name: string;
  env?: Env;
  /** The key to send with, and the one to ask with. */
  keys?: { ingest: string; query: string };
}

afterEach(async () => {
  const codes = await Promise.all(processes.splice(0).map((each) => each.end('SIGTERM')));
  expect(codes.filter((code) => code !== 0)).toEqual([]);
});

afterAll(() => servers.remove());

it('embedded.yaml', { timeout: startTimeoutMs }, async () => {
  await works({ name: 'embedded.yaml' });
});

it('kafka.yaml', { timeout: startTimeoutMs }, async () => {
  await works({ name: 'kafka.yaml', env: await servers.kafka() });
});

it('rabbitmq.yaml', { timeout: startTimeoutMs }, async () => {
  await works({ name: 'rabbitmq.yaml', env: await servers.rabbitmq() });
});

it('kubernetes.yaml, a process for each role', { timeout: startTimeoutMs }, async () => {
  const ingest = createKey({ name: 'ingest', tenant: 'default', scopes: ['ingest'] });
  const query = createKey({ name: 'query', tenant: 'default', scopes: ['query'] });
  const keysFile = join(servers.dir, 'keys.yaml');
  writeFileSync(keysFile, stringify([ingest.entry, query.entry]));
  const env = {
    ...(await servers.kafka()),
    SPILLWAY_GATEWAY_KEYS_FILE: keysFile,
    SPILLWAY_CONSOLE_KEYS_FILE: keysFile,
    SPILLWAY_GATEWAY_HTTP_HOST: '127.0.0.1',
    SPILLWAY_GATEWAY_GRPC_HOST: '127.0.0.1',
    SPILLWAY_CONSOLE_HOST: '127.0.0.1',
    SPILLWAY_ADMIN_HOST: '127.0.0.1',
    SPILLWAY_GATEWAY_DRAIN_DELAY_MS: '0',
  };
  const example: Example = {
    name: 'kubernetes.yaml',
    env,
    keys: { ingest: ingest.key, query: query.key },
  };
  const dataDir = join(servers.dir, randomUUID());
  const started = await Promise.all(roles.map((role) => start(example, { dataDir, role })));
  for (const { console: page, admin } of started) {
    expect((await fetch(`${page || admin}/ready`)).status).toBe(200);
    expect(await (await fetch(`${page || admin}/metrics`)).text()).toContain(
      'spillway_lag_messages{',
    );
  }
  const [gateway, page] = [started[0] as Addresses, started[4] as Addresses];
  await accounts(example, { dataDir, otlpHttp: gateway.otlpHttp, page: page.console });
});

async function works(example: Example): Promise<void> {
  const dataDir = join(servers.dir, randomUUID());
  const { otlpHttp, console: page } = await start(example, { dataDir });
  await accounts(example, { dataDir, otlpHttp, page });
}

function start(
  { name, env = {} }: Example,
  { dataDir, role }: { dataDir: string; role?: string },
): Promise<Addresses> {
  const args = ['--config', pathOf(`infra/examples/${name}`), '--admin.port', '0'];
  const options = { dataDir, args, env: async () => env };
  const spillway = new SpillwayProcess(role ? { ...options, roles: [role] } : options);
  processes.push(spillway);
  return spillway.start();
}

interface Running {
  dataDir: string;
  otlpHttp: string;
  page: string;
}

/** What is sent is acknowledged, stored, searchable, found by the query API, and nothing is missing. */
async function accounts({ name, env = {}, keys }: Example, running: Running): Promise<void> {
  const { dataDir, otlpHttp, page } = running;
  const counts = ['--traces', '10', '--spans', '4', '--logs', '20', '--points', '20'];
  const key = keys ? ['--key', keys.ingest] : [];
  const sent = await runSpillway(['send', ...counts, '--endpoint', otlpHttp, ...key]);
  expect(JSON.parse(sent.stdout).acknowledged).toEqual(records);
  const config = ['--config', pathOf(`infra/examples/${name}`), '--data', dataDir];
  const totals = async (): Promise<Record<string, number>> => {
    const { stdout, stderr } = await runSpillway(['audit', '--json', ...config], env);
    expect(stdout, stderr).not.toBe('');
    return JSON.parse(stdout).totals;
  };
  const all = records.spans + records.logs + records.points;
  await expect
    .poll(totals, { timeout: 120_000, interval: 1_500 })
    .toMatchObject({ accepted: all, stored: all, searchable: all, waiting: 0, unaccounted: 0 });
  const headers: Env = keys ? { authorization: `Bearer ${keys.query}` } : {};
  const traces = async (): Promise<number> => {
    const response = await fetch(`${page}/api/traces`, { headers });
    return ((await response.json()) as { traces: unknown[] }).traces.length;
  };
  await expect.poll(traces, { timeout: 30_000 }).toBe(10);
  if (keys) expect((await fetch(`${page}/api/traces`)).status).toBe(401);
}
