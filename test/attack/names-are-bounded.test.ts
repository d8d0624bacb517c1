import { randomUUID } from 'node:crypto';
import { nowNano, tracesBody } from '@spillway/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AttackLab } from './support/attack-lab.ts';

const longChars = 1_000_000;
const heapMb = 256;
const otherName = 'other (too many names)';
const MiB = 1024 * 1024;
let lab: AttackLab;

beforeAll(async () => {
  lab = await AttackLab.start({ heapMb });
});

afterAll(() => lab?.close());

interface Answer {
  truncated: boolean;
  operations: { operation: string }[];
}

/** Each time another one. */
function long(): string {
  return randomUUID().padEnd(longChars, 'x');
}

function hex(digits: number): string {
  return randomUUID().replaceAll('-', '').slice(0, digits);
}

async function send(signal: 'traces' | 'logs' | 'metrics', body: string): Promise<void> {
  const response = await fetch(`${lab.addresses.otlpHttp}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${lab.evilKey}` },
    body,
  });
  expect(response.status).toBe(200);
  await response.arrayBuffer();
}

function spans(count: number, name: (i: number) => string) {
  return Array.from({ length: count }, (_, i) => {
    return { traceId: hex(32), spanId: hex(16), name: name(i) };
  });
}

function resourceOf(service: string) {
  return { attributes: [{ key: 'service.name', value: { stringValue: service } }] };
}

function logsBody(): string {
  const logRecords = Array.from({ length: 2 }, () => ({
    timeUnixNano: nowNano(),
    severityText: long(),
  }));
  return JSON.stringify({
    resourceLogs: [{ resource: resourceOf('long'), scopeLogs: [{ logRecords }] }],
  });
}

function metricsBody(): string {
  const metrics = Array.from({ length: 2 }, () => ({
    name: long(),
    gauge: { dataPoints: [{ timeUnixNano: nowNano(), asInt: '1' }] },
  }));
  return JSON.stringify({
    resourceMetrics: [{ resource: resourceOf('long'), scopeMetrics: [{ metrics }] }],
  });
}

it('names take no more memory than the limits, however long or many they are', async () => {
  for (let round = 0; round < 10; round++) {
    await send('traces', tracesBody('long', spans(2, long)));
    await send(
      'traces',
      tracesBody(
        long(),
        spans(1, () => 'GET /'),
      ),
    );
    await send(
      'traces',
      tracesBody(
        'many',
        spans(500, (i) => `${round}/${i}`),
      ),
    );
  }
  await send('logs', logsBody());
  await send('metrics', metricsBody());
  await lab.verdict();

  const longOnes = await lab.ask('/api/services/long/operations');
  expect(longOnes.status).toBe(200);
  const { operations } = JSON.parse(longOnes.text) as Answer;
  // Those that came after the many others are counted with them.
  const named = operations.filter(({ operation }) => operation !== otherName);
  expect(named.length).toBeGreaterThan(0);
  for (const { operation } of named) {
    expect(operation).toMatch(/^[0-9a-f-]{36}x{100,}…#[0-9a-f]{8}$/);
  }
  const manyOnes = await lab.ask('/api/services/many/operations');
  const answer = JSON.parse(manyOnes.text) as Answer;
  expect(answer.truncated).toBe(true);
  expect(answer.operations.map(({ operation }) => operation)).toContain(otherName);
  const services = await lab.ask('/api/services');
  for (const { text } of [longOnes, manyOnes, services]) expect(text.length).toBeLessThan(MiB);
}, 120_000);
