import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Signal } from '@spillway/otlp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAll } from './support/answers.ts';
import { expectedOf } from './support/expected.ts';
import { type Spillway, startSpillway } from './support/spillway.ts';
import { startTap } from './support/tap.ts';

/** The OpenTelemetry Collector's load generator: the Go SDK and grpc-go. */
const peers = process.env.SPILLWAY_TEST_PEERS;
const run = promisify(execFile);
let spillway: Spillway | undefined;

beforeAll(async () => {
  if (peers) spillway = await startSpillway();
  else console.warn('not run: SPILLWAY_TEST_PEERS is not set (a folder with telemetrygen)');
});

afterAll(() => spillway?.stop());

const spanContext = ['--trace-id', 'ab'.repeat(16), '--span-id', 'cd'.repeat(8)];

interface Case {
  signal: Signal;
  records: number;
  args: readonly string[];
}

const trace = ['--traces', '25', '--child-spans', '3', '--span-links', '2'];
const log = [
  '--logs',
  '50',
  '--body',
  'a "body" 日本',
  '--severity-number',
  '17',
  '--severity-text',
  'Error',
];

const cases: Readonly<Record<string, Case>> = {
  traces: { signal: 'traces', records: 100, args: [...trace, '--status-code', 'Error'] },
  logs: { signal: 'logs', records: 50, args: [...log, ...spanContext] },
  gauges: metrics('Gauge'),
  sums: metrics('Sum'),
  histograms: metrics('Histogram'),
  'exponential histograms': metrics('ExponentialHistogram'),
};

const attributes = ['text="a"', 'ok=true', 'whole=42', 'list=["a", "b"]'].flatMap((attribute) => [
  '--otlp-attributes',
  attribute,
  '--telemetry-attributes',
  attribute,
]);

const doors = ['grpc', 'http'] as const;

test.each(
  Object.entries(cases).flatMap(([name, some]) => doors.map((door) => [name, door, some] as const)),
)('the %s that telemetrygen sends over %s come back', async (_name, door, some) => {
  const { signal, records, args } = some;
  if (!spillway || !peers) return;
  const tap = await startTap({ address: spillway[door], kind: door });
  const service = `tg-${door}-${spillway.sent.length}`;
  const target = ['--otlp-insecure', '--otlp-endpoint', tap.address, '--service', service];
  const transport = door === 'http' ? ['--otlp-http'] : [];
  const all = [signal, ...target, ...transport, '--rate', '0', ...attributes, ...args];
  await run(join(peers, 'telemetrygen'), all);
  const sent = expectedOf(await tap.requests());
  await tap.close();
  const { spans, logs, points } = sent;
  expect({ traces: spans, logs, metrics: points }[signal]).toHaveLength(records);
  await expectAll(spillway, sent);
});

function metrics(type: string): Case {
  const args = ['--metrics', '20', '--metric-type', type, '--otlp-metric-name', type];
  return { signal: 'metrics', records: 20, args: [...args, ...spanContext] };
}
