import { type RedisServer, startRedis } from '@spillway/native';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from '../src/ask.ts';
import { treeOf } from '../src/process-tree.ts';
import { expectEnded, expectEndWithOwner } from './processes.ts';

let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis({ config: ['--maxmemory', '64mb'] });
});
afterAll(() => redis?.remove());

async function say(line: string): Promise<string> {
  const port = Number(new URL(redis.url).port);
  const isWhole = (answer: Buffer) => answer.includes('\r\n');
  return (await ask({ port, send: `${line}\r\n`, isWhole })).toString().trim();
}

test('what it has acknowledged is there after a kill, at the same address', async () => {
  expect(await say('SET key 1')).toBe('+OK');
  const { address, pid } = redis.server;
  await say('CONFIG SET appendfsync always');
  await redis.server.kill();
  await expect(say('PING')).rejects.toThrow();
  await redis.server.start();
  expect(await say('INCR key')).toBe(':2');
  expect(redis.server.address).toBe(address);
  expect(redis.server.pid).not.toBe(pid);
});

test('while it pauses it does not answer', async () => {
  redis.server.pause();
  await expect(say('PING')).rejects.toThrow('no answer in time');
  redis.server.resume();
  expect(await say('PING')).toBe('+PONG');
});

test('a start that fails tells what the log says, and leaves nothing', async () => {
  const failing = startRedis({ config: ['--no-such-setting', '1'] });
  await expect(failing).rejects.toThrow(/ended while it started.*no-such-setting/s);
});

test('it ends with the process that started it, even by SIGKILL', () =>
  expectEndWithOwner('redis'));

test('its CPU time is counted, and its removal ends it', async () => {
  await say('DEBUG SLEEP 0');
  await say('EVAL "for i = 1, 5000000 do end" 0');
  expect(redis.server.cpuSeconds()).toBeGreaterThan(0);
  const pids = treeOf(redis.server.pid);
  await redis.remove();
  await expectEnded(pids);
  expect(redis.server.cpuSeconds()).toBe(0);
});
