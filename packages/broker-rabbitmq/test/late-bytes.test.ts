/** What is still on its way when a connection is given up never lands behind newer messages. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Broker } from '@spillway/broker';
import { type RabbitMqServer, startRabbitMq } from '@spillway/native';
import { TcpProxy } from '@spillway/test-support';
import { until } from '@spillway/test-support/until';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  createRabbitMqBroker,
  type RabbitMqEvent,
  type RabbitMqOptions,
  rabbitmqSection,
} from '../src/index.ts';
import { message, publishAll, take, textOf } from '../src/test-tools.ts';

let rabbitmq: RabbitMqServer;
let proxy: TcpProxy;
let proxied: string;
let dir: string;
const events: RabbitMqEvent[] = [];
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'late-bytes-'));
  rabbitmq = await startRabbitMq();
  const url = new URL(rabbitmq.url);
  proxy = await TcpProxy.start(url.host);
  url.host = proxy.address;
  proxied = url.href;
});

afterEach(async () => {
  await proxy.heal();
  for (const close of closing.splice(0).reverse()) await close();
  events.length = 0;
});

afterAll(async () => {
  await proxy?.remove();
  await rabbitmq?.remove();
  await rm(dir, { recursive: true });
});

test('killed with a publish on its way: the next life waits until the server has dropped it', async () => {
  const identityFile = join(dir, 'killed');
  const first = await start();
  await first.ensureTopics([{ name: 'killed', partitions: 1, groups: ['readers'] }]);
  const child = await startChild('killed', identityFile);
  expect(await tell(child, '1')).toBe('durable');
  proxy.hold();
  void tell(child, '2');
  expect((await once(child, 'message'))[0]).toBe('written');
  child.kill('SIGKILL');
  await once(child, 'exit');

  const next = await start({ identities: fileIdentities(identityFile) });
  expect(next.health()).toMatchObject({ ok: false, detail: expect.stringContaining('former') });
  expect(await next.publish([message('killed', '3')])).toMatchObject([
    { status: 'refused', code: 'unavailable', retryable: true },
  ]);
  await proxy.heal();
  await publishAll(next, [message('killed', '3')]);
  expect(next.health().ok).toBe(true);
  const member = await next.subscribe({ group: 'readers', topics: ['killed'] });
  expect((await take(member, 3)).map(textOf)).toEqual(['1', '2', '3']);
  expect(events.map(({ type }) => type)).toContain('publisher-ready');
  await member.close();
}, 120_000);

test('a server that answers nothing: aborts are answered, and all goes on by itself', async () => {
  const broker = await start({ urls: [proxied], heartbeatSeconds: 1 });
  await broker.ensureTopics([{ name: 'mute', partitions: 1, groups: ['readers'] }]);
  await publishAll(broker, [message('mute', '1')]);
  proxy.blackHole();
  const aborted = ['2', '3'].map((text) =>
    broker.publish([message('mute', text)], AbortSignal.timeout(300)),
  );
  for (const outcomes of await Promise.all(aborted)) {
    expect(outcomes).toMatchObject([{ status: 'unknown' }]);
  }
  expect(events).toContainEqual(expect.objectContaining({ type: 'unresolved', topic: 'mute' }));
  await until(() => wasGivenUp('publishes'), 'the connection that publishes is given up');
  expect(broker.health().ok).toBe(false);
  expect(await broker.publish([message('mute', '4')])).toMatchObject([
    { status: 'refused', code: 'unavailable', retryable: true },
  ]);
  await proxy.heal();
  await publishAll(broker, [message('mute', '5')]);
  const member = await broker.subscribe({ group: 'readers', topics: ['mute'] });
  expect((await take(member, 2)).map(textOf)).toEqual(['1', '5']);
  await member.close();
}, 120_000);

async function start(options: Partial<RabbitMqOptions> = {}): Promise<Broker> {
  const section = rabbitmqSection.parse({ urls: [rabbitmq.url], beatMs: 200 });
  const report = (event: RabbitMqEvent) => void events.push(event);
  const broker = createRabbitMqBroker({ ...section, clientId: 'test', report, ...options });
  closing.push(() => broker.stop());
  await broker.start();
  return broker;
}

/** Each of the two connections notices by itself that nobody answers. */
function wasGivenUp(connection: 'publishes' | 'consumes'): boolean {
  return events.some((event) => event.type === 'disconnected' && event.connection === connection);
}

async function startChild(topic: string, identityFile: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('publisher-child.ts', import.meta.url));
  const child = fork(script, [proxied, topic, identityFile], { execArgv: [] });
  closing.push(async () => child.kill('SIGKILL'));
  await once(child, 'message');
  return child;
}

/** Answers the outcome; before it comes 'written'. */
async function tell(child: ChildProcess, text: string): Promise<unknown> {
  child.send(text);
  for (;;) {
    const [told] = await once(child, 'message');
    if (told !== 'written') return told;
  }
}

function fileIdentities(path: string) {
  return {
    load: () => readFile(path).catch(() => undefined),
    save: (bytes: Uint8Array) => writeFile(path, bytes),
  };
}
