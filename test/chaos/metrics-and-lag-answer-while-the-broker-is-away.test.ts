/**
 * A whole Spillway before a broker that answers nothing, or cannot be reached: what it tells of
 * itself.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startKafka, startRabbitMq } from '@spillway/native';
import {
  type Addresses,
  logsBody,
  postOtlp,
  SpillwayProcess,
  TcpProxy,
} from '@spillway/test-support';
import { afterEach, expect, it } from 'vitest';

const slow = { timeout: 300_000 };
/**
 * Of requests to the broker: much longer than the test. Whoever waits for one of them is too late.
 */
const minutes = '600000';
const stored = /^spillway_consumer_records_total\{group="writer",outcome="stored"\} 1$/m;
/** Not read from the broker for more than two seconds, or in vain. */
const unread =
  /^spillway_lag_age_seconds\{group="writer"\} ([2-9]|\d\d)|^spillway_lag_unknown\{group="writer"\} 1$/m;
const ofGateway = [
  /^# TYPE spillway_gateway_requests_total counter$/m,
  /^spillway_gateway_breaker_state\{/m,
  /^spillway_gateway_queue_bytes\{/m,
];
const ofProcess = [
  /^spillway_component_up\{/m,
  /^spillway_lag_unknown\{group="writer"\} [01]$/m,
  /^process_resident_memory_bytes \d+$/m,
];
const ending: (() => Promise<unknown> | undefined)[] = [];

afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

it('before Kafka', slow, async () => {
  const port = await freePort();
  const proxy = await TcpProxy.start(`127.0.0.1:${port}`);
  ending.push(() => proxy.remove());
  const kafka = await startKafka({ ports: [port], advertised: () => proxy.address });
  ending.push(() => kafka.remove());
  await tells(proxy, {
    SPILLWAY_BROKER_KIND: 'kafka',
    SPILLWAY_BROKER_KAFKA_BOOTSTRAP: proxy.address,
    SPILLWAY_BROKER_KAFKA_REPLICATION_FACTOR: '1',
    SPILLWAY_BROKER_KAFKA_MIN_INSYNC_REPLICAS: '1',
    SPILLWAY_BROKER_KAFKA_REQUEST_TIMEOUT_MS: minutes,
    SPILLWAY_BROKER_KAFKA_CONNECT_TIMEOUT_MS: minutes,
  });
});

it('before RabbitMQ, a gateway alone', slow, async () => {
  const rabbitMq = await startRabbitMq();
  ending.push(() => rabbitMq.remove());
  const url = new URL(rabbitMq.url);
  const proxy = await TcpProxy.start(url.host);
  ending.push(() => proxy.remove());
  url.host = proxy.address;
  const at = await start({
    roles: ['gateway'],
    args: ['--gateway.name', 'gw'],
    env: { SPILLWAY_BROKER_KIND: 'rabbitmq', SPILLWAY_BROKER_RABBITMQ_URLS: url.href },
  });
  const known = () => withinASecond(`${at.admin}/metrics`);
  await expect.poll(known, { timeout: 60_000 }).toMatch(/^spillway_lag_messages\{.*"writer"/m);
  for (const fault of ['blackHole', 'cut'] as const) {
    proxy[fault]();
    await expect.poll(known, { timeout: 60_000 }).toMatch(unread);
    const metrics = await withinASecond(`${at.admin}/metrics`);
    expect(missingFrom(metrics, [...ofGateway, ...ofProcess])).toEqual([]);
  }
});

async function tells(proxy: TcpProxy, env: Readonly<Record<string, string>>): Promise<void> {
  const at = await start({ env });
  expect((await postOtlp(at, 'logs', logsBody('shop', ['one']))).status).toBe(200);
  const known = () => withinASecond(`${at.console}/metrics`);
  await expect.poll(known, { timeout: 60_000 }).toMatch(stored);
  await expect.poll(known, { timeout: 60_000 }).toMatch(/^spillway_lag_messages\{.*"writer"/m);
  for (const fault of ['blackHole', 'cut'] as const) {
    proxy[fault]();
    await expect.poll(known, { timeout: 60_000 }).toMatch(unread);
    const wanted = [...ofGateway, ...ofProcess, stored, /^spillway_spill_messages \d+$/m];
    expect(missingFrom(await known(), wanted)).toEqual([]);
    const lag = JSON.parse(await withinASecond(`${at.console}/api/lag`));
    expect(lag).toMatchObject({ lag: expect.any(Array), behind: expect.any(Object) });
  }
  const unknown = /^spillway_lag_unknown\{group="writer"\} 1$/m;
  await expect.poll(known, { timeout: 60_000 }).toMatch(unknown);
}

interface Started {
  roles?: readonly string[];
  args?: readonly string[];
  env: Readonly<Record<string, string>>;
}

async function start({ env, ...options }: Started): Promise<Addresses> {
  const dataDir = mkdtempSync(join(tmpdir(), 'spillway-tells-'));
  ending.push(async () => rmSync(dataDir, { recursive: true, force: true }));
  const spillway = new SpillwayProcess({ ...options, dataDir, env: async () => env });
  ending.push(() => spillway.end('SIGKILL'));
  return await spillway.start();
}

function missingFrom(metrics: string, wanted: readonly RegExp[]): string[] {
  return wanted.filter((line) => !line.test(metrics)).map(String);
}

/** One of some tries, so that a machine that is busy with something else decides nothing. */
async function withinASecond(url: string): Promise<string> {
  for (let left = 5; ; left--) {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) });
      expect(answer.status).toBe(200);
      return await answer.text();
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}
