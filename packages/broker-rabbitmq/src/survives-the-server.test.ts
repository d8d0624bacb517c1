import type { Broker, PublishOutcome, Subscription } from '@spillway/broker';
import { until } from '@spillway/test-support/until';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { TestRabbitMq } from '../test/test-rabbitmq.ts';
import { mebibyte, message, publishAll, sum, take, takeAll, textOf } from './test-tools.ts';

let rabbitmq: TestRabbitMq;

beforeAll(async () => {
  rabbitmq = await TestRabbitMq.open();
});
afterEach(() => rabbitmq?.reset());
afterAll(() => rabbitmq?.close());

test('members that join and leave under load lose nothing and keep the order', async () => {
  const brokers = [await rabbitmq.start(), await rabbitmq.start()];
  const [first, second] = brokers as [Broker, Broker];
  await first.ensureTopics([{ name: 'load', partitions: 4, groups: ['load-readers'] }]);
  const seen: number[][] = [[], [], [], []];
  const stop = new AbortController();
  const stable = consume(
    await first.subscribe({ group: 'load-readers', topics: ['load'] }),
    seen,
    stop.signal,
  );
  const guests = (async () => {
    for (let n = 0; n < 3; n++) {
      const leave = new AbortController();
      const member = await second.subscribe({ group: 'load-readers', topics: ['load'] });
      const guest = consume(member, seen, leave.signal);
      await until(() => member.assigned().length === 2, 'a fair share');
      leave.abort();
      await guest;
      await member.close();
    }
  })();
  const total = 2_000;
  for (let n = 0; n < total; n += 20) {
    const messages = Array.from({ length: 20 }, (_, i) => message('load', `${n + i}`, (n + i) % 4));
    await publishAll(first, messages);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await guests;
  await until(() => seen.flatMap((each) => [...new Set(each)]).length === total, 'all of them');
  stop.abort();
  await stable;
  for (const each of seen) {
    // What was not committed comes again; nothing is seen for the first time after a later one.
    const fresh = [...new Set(each)];
    expect(fresh).toEqual(fresh.toSorted((a, b) => a - b));
  }
}, 120_000);

test('a killed node: publishes say so meanwhile, and all goes on by itself', async () => {
  const broker = await rabbitmq.start();
  await broker.ensureTopics([{ name: 'killed', partitions: 2, groups: ['killed-readers'] }]);
  const member = await broker.subscribe({ group: 'killed-readers', topics: ['killed'] });
  await publishAll(broker, [message('killed', 'before')]);
  const before = await take(member, 1);
  await rabbitmq.server.kill();
  await until(() => !broker.health().ok, 'health says no');
  let outcome: PublishOutcome | undefined;
  await until(async () => {
    [outcome] = await broker.publish([message('killed', 'meanwhile')]);
    return outcome?.status === 'refused'; // Unknown, until the other connection is seen to be gone.
  }, 'a refusal');
  expect(outcome).toMatchObject({ code: 'unavailable', retryable: true });
  expect((await broker.lag('killed-readers')).map(({ messages }) => messages)).toEqual([
    null,
    null,
  ]);
  await rabbitmq.server.start();
  await until(() => broker.health().ok, 'health says yes');
  await publishAll(broker, [message('killed', 'after')]);
  const after = await take(member, 2);
  expect(after.map(textOf)).toEqual(['before', 'after']);
  expect(after[0]?.position).toBeGreaterThan(before[0]?.position as number);
  await member.commit(before); // A position of a channel that is gone.
  await until(
    async () => sum(await broker.lag('killed-readers')) === 2,
    'nothing was committed by it',
  );
  await member.commit(after);
  await until(async () => sum(await broker.lag('killed-readers')) === 0, 'everything is');
}, 120_000);

test('memory runs out: publishes are refused at once, consumers go on, then all is fine', async () => {
  const broker = await rabbitmq.start();
  await broker.ensureTopics([{ name: 'alarm', partitions: 1, groups: ['alarm-readers'] }]);
  const member = await broker.subscribe({ group: 'alarm-readers', topics: ['alarm'] });
  await publishAll(broker, [message('alarm', 'one')]);
  await rabbitmq.control('set_vm_memory_high_watermark', '0.000001');
  try {
    await until(async () => {
      const [outcome] = await broker.publish([message('alarm', 'x')], AbortSignal.timeout(500));
      return outcome?.status === 'refused' && outcome.code === 'unavailable';
    }, 'a refusal');
    expect(broker.health()).toMatchObject({ ok: false });
    await member.commit(await take(member, 1));
  } finally {
    await rabbitmq.control('set_vm_memory_high_watermark', '0.6');
  }
  await until(() => broker.health().ok, 'health says yes');
  await publishAll(broker, [message('alarm', 'two')]);
}, 120_000);

test('a deleted queue is declared again, and its reader goes on', async () => {
  const broker = await rabbitmq.start();
  await broker.ensureTopics([{ name: 'deleted', partitions: 1, groups: ['deleted-readers'] }]);
  const member = await broker.subscribe({ group: 'deleted-readers', topics: ['deleted'] });
  await manage('DELETE', `queues/%2F/${encodeURIComponent('deleted/0/deleted-readers')}`);
  await until(async () => {
    const [outcome] = await broker.publish([message('deleted', 'again')]);
    return outcome?.status === 'durable';
  }, 'a queue');
  expect((await take(member, 1)).map(textOf)).toEqual(['again']);
}, 120_000);

test('ten broken connections leave no channel behind', async () => {
  const broker = await rabbitmq.start();
  await broker.ensureTopics([{ name: 'broken', partitions: 2, groups: ['broken-readers'] }]);
  const member = await broker.subscribe({ group: 'broken-readers', topics: ['broken'] });
  await broker.lag('broken-readers');
  const count = async () => ((await manage('GET', 'channels')) as unknown[]).length;
  const isSteady = async (wanted: number) => (await count()) === wanted;
  let channels = 0;
  await until(async () => {
    channels = await count();
    await new Promise((resolve) => setTimeout(resolve, 500));
    return channels >= 6 && (await isSteady(channels));
  }, 'a steady number of channels');
  for (let n = 0; n < 10; n++) {
    for (const { name } of (await manage('GET', 'connections')) as { name: string }[]) {
      await manage('DELETE', `connections/${encodeURIComponent(name)}`);
    }
    await until(() => broker.health().ok, 'a connection');
    await publishAll(broker, [message('broken', `${n}`)]);
  }
  const found = await takeAll(member, 10);
  expect(found).toEqual(Array.from({ length: 10 }, (_, n) => `${n}`));
  await until(() => isSteady(channels), 'as many channels as before');
}, 120_000);

test('a group that stands still fills its bound, and only then publishes are refused', async () => {
  const broker = await rabbitmq.start({ groupBacklogBytesMax: mebibyte });
  await broker.ensureTopics([{ name: 'full', partitions: 1, groups: ['full-readers'] }]);
  const big = { ...message('full', ''), value: [Buffer.alloc(mebibyte / 4)] };
  let taken = 0;
  await until(async () => {
    const [outcome] = await broker.publish([big]);
    if (outcome?.status === 'durable') taken += 1;
    else expect(outcome).toMatchObject({ status: 'refused', code: 'log-full', retryable: true });
    return outcome?.status !== 'durable';
  }, 'a refusal');
  expect(taken).toBeGreaterThanOrEqual(4);
  const member = await broker.subscribe({ group: 'full-readers', topics: ['full'] });
  await member.commit((await take(member, taken)).slice(-1));
  await until(async () => (await broker.publish([big]))[0]?.status === 'durable', 'room');
}, 120_000);

/** Polls, and commits each time, until told to stop. */
async function consume(member: Subscription, seen: number[][], abort: AbortSignal): Promise<void> {
  while (!abort.aborted) {
    const found = await member.poll({ bytesMax: 1_000, waitMs: 100, abort });
    for (const each of found) seen[each.partition]?.push(Number(textOf(each)));
    await member.commit([...new Map(found.map((each) => [each.partition, each])).values()]);
  }
}

async function manage(method: string, path: string): Promise<unknown> {
  const { origin, username, password } = new URL(rabbitmq.managementUrl);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const response = await fetch(`${origin}/api/${path}`, { method, headers: { authorization } });
  return method === 'GET' ? await response.json() : undefined;
}
