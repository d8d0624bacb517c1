/** Names of a megabyte, each time another one, and names in great number. */
import { randomUUID } from 'node:crypto';
import { nowNano, tracesBody } from '@spillway/test-support';
import type { Signal } from './hostile-clients.ts';
import type { Target } from './target.ts';

const longChars = 1_000_000;

/** Services are called `long` and `many`, or are long themselves. Throws unless each is taken. */
export async function sendLongNames(target: Target, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await send(target, 'traces', tracesBody('long', spans(2, long)));
    await send(
      target,
      'traces',
      tracesBody(
        long(),
        spans(1, () => 'GET /'),
      ),
    );
    await send(
      target,
      'traces',
      tracesBody(
        'many',
        spans(500, (i) => `${round}/${i}`),
      ),
    );
  }
  await send(target, 'logs', logsBody());
  await send(target, 'metrics', metricsBody());
}

async function send({ addresses, evilKey }: Target, signal: Signal, body: string): Promise<void> {
  const response = await fetch(`${addresses.otlpHttp}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${evilKey}` },
    body,
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${signal} got ${response.status}: ${text}`);
}

function long(): string {
  return randomUUID().padEnd(longChars, 'x');
}

function hex(digits: number): string {
  return randomUUID().replaceAll('-', '').slice(0, digits);
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
