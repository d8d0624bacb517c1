/** On servers that are really set up so: refused by name, and started where that is allowed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ElasticsearchServer,
  type KafkaServers,
  type PostgresServer,
  startElasticsearch,
  startKafka,
  startPostgres,
} from '@spillway/native';
import { runSpillway, SpillwayProcess } from '@spillway/test-support';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

const dir = mkdtempSync(join(tmpdir(), 'spillway-unsafe-'));
let kafka: KafkaServers;
let postgres: PostgresServer;
let elasticsearch: ElasticsearchServer;
const running: SpillwayProcess[] = [];

beforeAll(async () => {
  [kafka, postgres, elasticsearch] = await Promise.all([
    startKafka(),
    startPostgres({ config: { fsync: 'off' } }),
    startElasticsearch({ config: { 'http.max_content_length': '1mb' } }),
  ]);
}, 240_000);

afterEach(async () => {
  for (const process of running.splice(0)) await process.end('SIGKILL');
});

afterAll(async () => {
  await Promise.all([kafka, postgres, elasticsearch].map((server) => server?.remove()));
  rmSync(dir, { recursive: true });
});

const single = ['--broker.kafka.replicationFactor', '1', '--broker.kafka.minInsyncReplicas', '1'];

describe('a start', () => {
  test('is refused by one broker where three copies are declared, unless allowed', async () => {
    const words = ['gateway', ...broker()];
    const { code, stderr } = await up(words);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/replication: .*wanted at least 3 b/),
    ]);
    expect(stderr).toContain('--unsafe-allow replication');
    const { metrics, output } = await upAllowed(words, ['replication']);
    expect(metrics).toContain('spillway_unsafe_allowed{name="replication"} 1');
    expect(output).toMatch(/unsafe-allowed/);
  }, 120_000);

  test('is refused where the topics take less than declared', async () => {
    // They are there since the test before, with 8 MiB.
    const larger = [...single, '--broker.kafka.messageBytesMax', '9000000'];
    const { code, stderr } = await up(['gateway', ...broker(), ...larger]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/message-limit: .*got 8388608 on otlp/),
    ]);
  }, 120_000);

  test('is refused by a PostgreSQL that does not sync, unless allowed', async () => {
    const database = ['--store.write.kind', 'postgres', '--store.write.postgres.url', postgres.url];
    const words = ['writer', ...broker(), ...single, ...database];
    const { code, stderr } = await up(words);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/fsync: fsync .*wanted on, got off/)]);
    const { metrics } = await upAllowed(words, ['fsync']);
    expect(metrics).toContain('spillway_unsafe_allowed{name="fsync"} 1');
  }, 120_000);

  test('is refused by an Elasticsearch that cannot take its batches or keep its ids', async () => {
    // This server has no processors that write an id; a pipeline that takes nothing is as bad.
    await put('_index_template/theirs', {
      index_patterns: ['spillway-g*'],
      priority: 9_999,
      template: { settings: { 'index.final_pipeline': 'nowhere' } },
    });
    const nodes = ['--store.search.elasticsearch.nodes', elasticsearch.url];
    const words = ['search-projector', ...broker(), ...single, ...nodes];
    words.push(
      '--store.search.kind',
      'elasticsearch',
      '--store.search.elasticsearch.replicas',
      '0',
    );
    const { code, stderr } = await up(words);
    expect(code).toBe(2);
    expect(stderr).toMatch(/bulk-limit: .*bulkBytesMax: wanted at most .*1048576, got 5242880/);
    expect(stderr).toMatch(/document-ids: .*pipeline nowhere is not there/);
    const { metrics } = await upAllowed(words, ['bulk-limit', 'document-ids']);
    expect(metrics).toContain('spillway_unsafe_allowed{name="document-ids"} 1');
  }, 120_000);

  test('is refused with a name that nobody knows, and told the known ones', async () => {
    const { code, stderr } = await up(['--unsafe-allow', 'everything']);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/unsafeAllow.*"acks".*"document-ids"/),
    ]);
  });

  test('with a check switched off says so in the query API, though nothing was found', async () => {
    const process = new SpillwayProcess({
      dataDir: join(dir, 'allowed'),
      args: ['--unsafe-allow', 'acks'],
    });
    running.push(process);
    const { console: page } = await process.start();
    const status = (await (await fetch(`${page}/api/status`)).json()) as { unsafe: unknown[] };
    expect(status.unsafe).toMatchObject([{ name: 'acks', got: 'not checked' }]);
  }, 120_000);
});

function broker(): string[] {
  return ['--broker.kind', 'kafka', '--broker.kafka.bootstrap', kafka.bootstrap.join(',')];
}

function up(words: readonly string[]) {
  const ports = ['gateway.httpPort', 'gateway.grpcPort', 'console.port', 'admin.port'];
  const free = ports.flatMap((key) => [`--${key}`, '0']);
  return runSpillway(['up', ...words, '--data', join(dir, 'data'), ...free]);
}

async function upAllowed([role = '', ...words]: readonly string[], names: readonly string[]) {
  const allow = names.flatMap((name) => ['--unsafe-allow', name]);
  const process = new SpillwayProcess({
    dataDir: join(dir, 'data'),
    roles: [role],
    args: [...words, ...allow],
  });
  running.push(process);
  const { admin } = await process.start();
  const metrics = await (await fetch(`${admin}/metrics`)).text();
  return { metrics, output: process.output };
}

async function put(path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const request = { method: 'PUT', headers, body: JSON.stringify(body) };
  const response = await fetch(`${elasticsearch.url}/${path}`, request);
  expect(await response.json()).toEqual({ acknowledged: true });
}
