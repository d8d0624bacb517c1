import type { Broker, DeliveredMessage, PublishOutcome, Subscription } from '@spillway/broker';
import { LossyFiles } from '@spillway/journal/lossy-files';
import { until } from '@spillway/test-support/until';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createEmbeddedBroker,
  type EmbeddedBrokerEvent,
  type EmbeddedBrokerOptions,
} from '../src/index.ts';

const signal = new AbortController().signal;
const mib = 1_048_576;
const at = { topic: 'otlp_spans', partition: 0 };
const dead = { topic: 'otlp_spans_dlq', partition: 0 };
const notes = { topic: 'spillway_ledger', partition: 0 };
const common = { key: '', headers: {} };
/** A writer of dead letters tries again and again; here so often. */
const triesMax = 20;
let files: LossyFiles;
let broker: Broker;
let events: EmbeddedBrokerEvent[];

beforeEach(() => {
  files = new LossyFiles();
  events = [];
});

afterEach(() => broker.stop());

async function start(options: Partial<EmbeddedBrokerOptions> = {}): Promise<void> {
  broker = createEmbeddedBroker({
    dir: '/broker',
    files,
    logBytesMax: mib,
    messageBytesMax: 64 * 1024,
    retentionEveryMs: 60_000,
    report: (event) => events.push(event),
    ...options,
  });
  await broker.start();
  await broker.ensureTopics([
    { name: at.topic, partitions: 1, groups: ['g'] },
    { name: dead.topic, partitions: 1, kept: true },
    { name: notes.topic, partitions: 1, groups: ['n'], internal: true },
  ]);
}

async function publish(place: typeof at, bytes: number): Promise<PublishOutcome> {
  const [outcome] = await broker.publish([{ ...place, ...common, value: [Buffer.alloc(bytes)] }]);
  if (!outcome) throw new Error('no outcome');
  return outcome;
}

/** Until one is refused; how many were taken. */
async function fill(place: typeof at, bytes: number): Promise<number> {
  for (let taken = 0; ; taken += 1) {
    const outcome = await publish(place, bytes);
    if (outcome.status === 'durable') continue;
    expect(outcome).toMatchObject({ code: 'log-full', retryable: true });
    return taken;
  }
}

/** A client that was refused comes again. */
async function taken(place: typeof at, bytes: number): Promise<1> {
  let outcome = await publish(place, bytes);
  for (let tries = 0; tries < triesMax && outcome.status !== 'durable'; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    outcome = await publish(place, bytes);
  }
  expect(outcome).toMatchObject({ status: 'durable' });
  return 1;
}

/** As a consumer does that can take no message: each is a dead letter before it is committed. */
async function setAside(member: Subscription, messages: readonly DeliveredMessage[]) {
  for (const message of messages) {
    let outcome: PublishOutcome | undefined;
    for (let tries = 0; tries < triesMax && outcome?.status !== 'durable'; tries += 1) {
      outcome = await publish(dead, message.value.length);
    }
    expect(outcome?.status, `${message.position}`).toBe('durable');
    await member.commit([message]);
  }
}

async function drain(member: Subscription): Promise<number> {
  for (let drained = 0; ; ) {
    const messages = await member.poll({ bytesMax: 100_000, waitMs: 0, abort: signal });
    if (messages.length === 0) return drained;
    await setAside(member, messages);
    drained += messages.length;
  }
}

function diskBytes(): number {
  const logs = files.paths().filter((path) => path.endsWith('.log'));
  return logs.reduce((sum, path) => sum + files.bytesOf(path).length, 0);
}

const keptOf = async () => (await broker.lag('unknown', [dead.topic]))[0];

test.each([
  ['small messages', 2_000],
  ['messages as large as can be', 60_000],
])('a group that sets every message aside drains a full log: %s', async (_, bytes) => {
  await start();
  const member = await broker.subscribe({ group: 'g', topics: [at.topic] });
  let sum = 0;
  for (let round = 0; round < 4; round += 1) {
    const count = (await taken(at, bytes)) + (await fill(at, bytes));
    sum += count;
    expect(await drain(member)).toBe(count);
    expect(diskBytes()).toBeLessThanOrEqual(mib);
  }
  await taken(at, bytes);
  // The oldest dead letters went for it, and what went is known.
  const kept = await keptOf();
  expect(kept?.end).toBe(sum);
  expect(kept?.messages).toBeGreaterThan(0);
  expect(await broker.capabilities.expiredKept?.(dead)).toMatchObject({ before: kept?.start });
  expect(kept?.start).toBeGreaterThan(0);
  expect(events).toContainEqual(expect.objectContaining({ type: 'kept-expired' }));
});

test('what is done makes room, also where few large messages fill what is written', async () => {
  await start({ messageBytesMax: 400_000 });
  const topic = 'otlp_logs';
  const partitions = 5;
  await broker.ensureTopics([{ name: topic, partitions, groups: ['g'] }]);
  const member = await broker.subscribe({ group: 'g', topics: [topic] });
  for (const bytes of [130_000, 130_000, 350_000, 130_000]) {
    for (let partition = 0; partition < partitions; partition += 1) {
      await taken({ topic, partition }, bytes);
      const messages = await member.poll({ bytesMax: 1, waitMs: 1_000, abort: signal });
      await member.commit(messages);
    }
  }
  expect(await broker.lag('g')).toHaveLength(partitions);
  for (const lag of await broker.lag('g')) expect(lag).toMatchObject({ messages: 0, expired: 0 });
});

test('dead letters leave most of the log to messages', async () => {
  await start();
  await broker.subscribe({ group: 'g', topics: [at.topic] });
  for (let n = 0; n < 1_000; n += 1) {
    expect(await publish(dead, 2_000)).toMatchObject({ status: 'durable' });
  }
  expect(diskBytes()).toBeLessThanOrEqual(mib / 4 + 1_000);
  expect((await fill(at, 2_000)) * 2_000).toBeGreaterThan(mib / 2);
});

test('notes have room in a log that is full of messages and dead letters', async () => {
  await start();
  await broker.subscribe({ group: 'g', topics: [at.topic] });
  await fill(at, 2_000);
  for (let n = 0; n < 200; n += 1) await publish(dead, 2_000);
  for (let n = 0; n < 20; n += 1) {
    expect(await publish(notes, 2_000)).toMatchObject({ status: 'durable' });
  }
  // Nobody reads them: they do not take what dead letters need.
  await fill(notes, 2_000);
  expect(await publish(dead, 60_000)).toMatchObject({ status: 'durable' });
  expect(diskBytes()).toBeLessThanOrEqual(mib);
});

test('a dead letter that would never fit is refused for good, so that it goes without its records', async () => {
  await start({ logBytesMax: 256 * 1024 });
  await fill(at, 2_000);
  await fill(notes, 2_000);
  expect(await publish(dead, 50_000)).toMatchObject({ code: 'too-large', retryable: false });
  expect(await publish(dead, 20_000)).toMatchObject({ status: 'durable' });
});

test('what was removed of the dead letters is known after a power cut', async () => {
  await start();
  for (let n = 0; n < 400; n += 1) await publish(dead, 2_000);
  const known = await broker.capabilities.expiredKept?.(dead);
  expect(known?.before).toBeGreaterThan(0);
  expect(known?.upToMs).toBeGreaterThan(0);
  files.powerCut();
  await start();
  expect(await broker.capabilities.expiredKept?.(dead)).toEqual(known);
});

test('dead letters that go by age are known as well', async () => {
  let nowMs = 1_700_000_000_000;
  await start({ clock: () => nowMs, retentionMs: 60_000, retentionEveryMs: 5 });
  for (let n = 0; n < 100; n += 1) await publish(dead, 2_000);
  const takenMs = nowMs;
  nowMs += 61_000;
  await until(async () => ((await keptOf())?.start ?? 0) > 0);
  const { start: before } = (await keptOf()) ?? {};
  expect(await broker.capabilities.expiredKept?.(dead)).toEqual({ before, upToMs: takenMs });
});

test('a log whose limit was lowered below what it holds is drained all the same', async () => {
  await start();
  await (await broker.subscribe({ group: 'g', topics: [at.topic] })).close();
  const count = await fill(at, 2_000);
  for (let n = 0; n < 100; n += 1) await publish(dead, 2_000);
  await broker.stop();
  await start({ logBytesMax: mib / 2 });
  const member = await broker.subscribe({ group: 'g', topics: [at.topic] });
  expect(await drain(member)).toBe(count);
  await taken(at, 2_000);
  expect(diskBytes()).toBeLessThanOrEqual(mib / 2);
});

test('dead letters that are more than there may be go for messages of clients', async () => {
  await start({ logBytesMax: 4 * mib });
  for (let n = 0; n < 600; n += 1) await publish(dead, 2_000);
  await broker.stop();
  await start();
  await taken(at, 2_000);
  expect(diskBytes()).toBeLessThanOrEqual(mib / 4 + 10_000);
});
