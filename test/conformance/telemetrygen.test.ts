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

const cases: { signal: Signal; records: number; args: string[] }[] = [
  {
    signal: 'traces',
    records: 100,
    args: ['--traces', '25', '--child-spans', '3', '--span-links', '2', '--status-code', 'Error'],
  },
  {
    signal: 'logs',
    records: 50,
    args: ['--logs', '50', '--body', 'a "body" 日本', ...spanContext],
  },
  ...['Gauge', 'Sum', 'Histogram', 'ExponentialHistogram'].map((type) => ({
    signal: 'metrics' as const,
    records: 20,
    args: ['--metrics', '20', '--metric-type', type, '--otlp-metric-name', type, ...spanContext],
  })),
];

const attributes = ['text="a"', 'ok=true', 'whole=42', 'list=["a", "b"]'].flatMap((attribute) => [
  '--otlp-attributes',
  attribute,
  '--telemetry-attributes',
  attribute,
]);

test.each(
  cases.flatMap((one) => [
    { ...one, door: 'grpc' as const },
    { ...one, door: 'http' as const },
  ]),
)(
  'the $signal that telemetrygen sends over $door come back: $args.3',
  async ({ signal, records, args, door }) => {
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
  },
);
