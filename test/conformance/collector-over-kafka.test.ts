import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, startKafka } from '@spillway/native';
import {
  type Addresses,
  caughtUp,
  logsBody,
  query,
  runSpillway,
  SpillwayProcess,
  spanIdOf,
  traceIdOf,
  tracesBody,
} from '@spillway/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** The OpenTelemetry Collector, with its Kafka receiver and exporter. */
const peers = process.env.SPILLWAY_TEST_PEERS;
const dir = mkdtempSync(join(tmpdir(), 'spillway-collector-'));
const topics = {
  traces: { topics: ['otlp_spans'], encoding: 'otlp_proto' },
  metrics: { topics: ['otlp_metrics'], encoding: 'otlp_proto' },
  logs: { topics: ['otlp_logs'], encoding: 'otlp_proto' },
};
const cleanups: (() => Promise<unknown> | unknown)[] = [
  () => rmSync(dir, { recursive: true, force: true }),
];
let bootstrap: string;
let addresses: Addresses;

beforeAll(async () => {
  if (!peers) {
    console.warn('not run: SPILLWAY_TEST_PEERS is not set (a folder with otelcol)');
    return;
  }
  const kafka = await startKafka();
  cleanups.push(() => kafka.remove());
  bootstrap = kafka.bootstrap.join(',');
  const settings = { kind: 'kafka', 'kafka.bootstrap': bootstrap };
  const single = { 'kafka.replicationFactor': '1', 'kafka.minInsyncReplicas': '1' };
  const args = Object.entries({ ...settings, ...single }).flatMap(([key, value]) => [
    `--broker.${key}`,
    value,
  ]);
  const spillway = new SpillwayProcess({ dataDir: join(dir, 'data'), args });
  cleanups.push(() => spillway.end('SIGKILL'));
  addresses = await spillway.start();
}, 180_000);

afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

test.skipIf(!peers)(
  'a Collector that reads our topics sees what we published',
  async () => {
    const words = ['--traces', '30', '--spans', '9', '--logs', '120', '--points', '60'];
    const sent = await runSpillway(['send', ...words, '--endpoint', addresses.otlpHttp]);
    expect(JSON.parse(sent.stdout)).toMatchObject({
      acknowledged: { spans: 270, logs: 120, points: 60 },
    });
    const metricsPort = await freePort();
    const reader = { exporter: { prometheus: { host: '127.0.0.1', port: metricsPort } } };
    const pipeline = { receivers: ['kafka'], exporters: ['debug'] };
    startCollector({
      receivers: {
        kafka: {
          brokers: [bootstrap],
          group_id: 'collector',
          initial_offset: 'earliest',
          ...topics,
        },
      },
      exporters: { debug: { verbosity: 'basic' } },
      service: {
        telemetry: { metrics: { readers: [{ pull: reader }] } },
        pipelines: { traces: pipeline, metrics: pipeline, logs: pipeline },
      },
    });
    const seen = async () => {
      const text = await metricsOf(metricsPort);
      return ['spans', 'log_records', 'metric_points'].map((kind) => counted(text, kind));
    };
    const deadline = Date.now() + 60_000;
    let found = await seen();
    while (found.join() !== '270,120,60' && Date.now() < deadline) {
      await sleep(250);
      found = await seen();
    }
    expect(found).toEqual([270, 120, 60]);
  },
  120_000,
);

test.skipIf(!peers)(
  'what a Collector writes is consumed as foreign, once',
  async () => {
    const door = `127.0.0.1:${await freePort()}`;
    const exporter = (topic: string) => ({ topic, encoding: 'otlp_proto' });
    const pipeline = { receivers: ['otlp'], exporters: ['kafka'] };
    startCollector({
      receivers: { otlp: { protocols: { http: { endpoint: door } } } },
      exporters: {
        kafka: {
          brokers: [bootstrap],
          traces: exporter('otlp_spans'),
          logs: exporter('otlp_logs'),
          producer: { required_acks: -1 },
          sending_queue: { enabled: false },
        },
      },
      service: {
        telemetry: { metrics: { level: 'none' } },
        pipelines: { traces: pipeline, logs: pipeline },
      },
    });
    const spans = [1, 2, 3].map((n) => ({ traceId: traceIdOf(7), spanId: spanIdOf(n) }));
    await send(`http://${door}/v1/traces`, tracesBody('elsewhere', spans));
    await send(`http://${door}/v1/logs`, logsBody('elsewhere', ['one', 'two']));
    await caughtUp(addresses);
    const trace = await query<{ spans: unknown[] }>(addresses, `/api/traces/${traceIdOf(7)}`);
    expect(trace.spans).toHaveLength(3);
    const { logs } = await query<{ logs: unknown[] }>(addresses, '/api/logs?service=elsewhere');
    expect(logs).toHaveLength(2);
    const audit = await runSpillway(['audit', '--json', '--data', join(dir, 'data')]);
    const { totals } = JSON.parse(audit.stdout) as { totals: Record<string, number> };
    expect(totals).toMatchObject({ foreign: 5, unaccounted: 0 });
    expect(totals.stored).toBe(totals.accepted);
  },
  120_000,
);

function startCollector(config: object): ChildProcess {
  const file = join(mkdtempSync(join(dir, 'otelcol-')), 'config.yaml');
  writeFileSync(file, JSON.stringify(config)); // JSON is YAML.
  const child = spawn(join(peers as string, 'otelcol'), ['--config', file], { stdio: 'ignore' });
  cleanups.push(() => child.kill('SIGKILL'));
  return child;
}

/** Until the Collector has started. */
async function send(url: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  for (;;) {
    const answer = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(100);
  }
}

async function metricsOf(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
  return response ? response.text() : '';
}

function counted(text: string, kind: string): number {
  const values = text.matchAll(
    new RegExp(`^otelcol_receiver_accepted_${kind}(?:_total)?(?:\\{[^}]*\\})? (\\S+)$`, 'gm'),
  );
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0);
}
