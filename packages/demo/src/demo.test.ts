import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type Signal, scan } from '@spillway/otlp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Demo, runDemo } from './index.ts';

interface Received {
  signal: Signal;
  authorization: string | undefined;
  body: Buffer;
}

const received: Received[] = [];
let server: http.Server;
let demo: Demo | undefined;

beforeEach(async () => {
  server = http.createServer(async (request, response) => {
    const body = await buffer(request);
    const signal = request.url?.slice('/v1/'.length) as Signal;
    received.push({ signal, authorization: request.headers.authorization, body });
    const type = request.headers['content-type'] ?? '';
    response.writeHead(200, { 'content-type': type }).end(type.endsWith('json') ? '{}' : '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  await demo?.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('sends spans, logs and metrics of every service, with exemplars that name its traces', async () => {
  const { port } = server.address() as AddressInfo;
  demo = runDemo({ httpEndpoint: `http://127.0.0.1:${port}`, key: 'k1' });
  // Stopping sends what the first visits left, without waiting for an interval.
  await demo.stop();
  expect(new Set(received.map(({ signal }) => signal))).toEqual(
    new Set(['traces', 'logs', 'metrics']),
  );
  expect(received.every(({ authorization }) => authorization === 'Bearer k1')).toBe(true);
  const traces = received.filter(({ signal }) => signal === 'traces');
  const slots = new Uint16Array(65_536);
  const spans = traces.map(({ body }) => scan('traces', body, slots).records);
  expect(spans.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(40);
  const metrics = received.filter(({ signal }) => signal === 'metrics');
  expect(metrics).toHaveLength(7);
  const sent = Buffer.concat(traces.map(({ body }) => body));
  const ids = metrics.flatMap(({ body }) => [
    ...body.toString().matchAll(/"traceId":"([0-9a-f]{32})"/g),
  ]);
  expect(ids.length).toBeGreaterThan(10);
  for (const [, id = ''] of ids) expect(sent.includes(Buffer.from(id, 'hex'))).toBe(true);
  const kinds = ['gauge', 'sum', 'histogram', 'exponentialHistogram'];
  const all = metrics.map(({ body }) => body.toString()).join();
  for (const kind of kinds) expect(all).toContain(`"${kind}":`);
  expect(all).toContain('"explicitBounds":[0.005,');
});
