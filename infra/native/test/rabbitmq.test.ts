import { setTimeout as sleep } from 'node:timers/promises';
import { type RabbitMqServer, startRabbitMq } from '@spillway/native';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { treeOf } from '../src/process-tree.ts';
import { expectEnded, expectEndWithOwner } from './processes.ts';

let rabbitmq: RabbitMqServer;

beforeAll(async () => {
  rabbitmq = await startRabbitMq();
});
afterAll(() => rabbitmq?.remove());

async function manage(method: string, path: string, body?: object): Promise<unknown> {
  const { origin, username, password } = new URL(rabbitmq.managementUrl);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const content = body && { body: JSON.stringify(body) };
  const response = await fetch(`${origin}/api${path}`, { method, headers, ...content });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return text && JSON.parse(text);
}

test('a quorum queue keeps its messages through a kill, which leaves no process', async () => {
  const durable = { durable: true, arguments: { 'x-queue-type': 'quorum' } };
  await manage('PUT', '/queues/%2F/kept', durable);
  const message = { payload: 'hello', payload_encoding: 'string', routing_key: 'kept' };
  const properties = { delivery_mode: 2 };
  const publish = '/exchanges/%2F/amq.default/publish';
  expect(await manage('POST', publish, { ...message, properties })).toEqual({ routed: true });
  // RabbitMQ 3.10 writes the name of a new quorum queue to disk within half a second, not at once.
  await sleep(1000);
  const pids = treeOf(rabbitmq.server.pid);
  expect(pids.length).toBeGreaterThan(1); // the port mapper at least
  await rabbitmq.server.kill();
  await expectEnded(pids);
  await rabbitmq.server.start();
  const get = { count: 1, ackmode: 'ack_requeue_false', encoding: 'auto' };
  expect(await manage('POST', '/queues/%2F/kept/get', get)).toMatchObject([{ payload: 'hello' }]);
});

test('a stop leaves no process, nor does a removal', async () => {
  const pids = treeOf(rabbitmq.server.pid);
  await rabbitmq.server.stop();
  await expectEnded(pids);
  await rabbitmq.remove();
});

test('it ends with the process that started it, even by SIGKILL', () =>
  expectEndWithOwner('rabbitmq'));
