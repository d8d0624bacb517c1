import type { Broker, DeliveredMessage, Subscription } from '@spillway/broker';
import { LossyFiles } from '@spillway/journal/lossy-files';
import { until } from '@spillway/test-support/until';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createEmbeddedBroker,
  type EmbeddedBrokerEvent,
  type EmbeddedBrokerOptions,
} from '../src/index.ts';

const topic = 'otlp_spans';
const at = { topic, partition: 0 };
const signal = new AbortController().signal;
let files: LossyFiles;
let broker: Broker;
let events: EmbeddedBrokerEvent[];
let nowMs: number;

beforeEach(() => {
  files = new LossyFiles();
  events = [];
  nowMs = 1_700_000_000_000;
});

afterEach(() => broker.stop());

async function start(options: Partial<EmbeddedBrokerOptions> = {}): Promise<void> {
  broker = createEmbeddedBroker({
    dir: '/broker',
    files,
    clock: () => nowMs,
    report: (event) => events.push(event),
    // Looked at when the log is full, and else by this timer.
    retentionEveryMs: 5,
    retentionMs: 60_000,
    segmentBytes: 4_096,
    ...options,
  });
  await broker.start();
  await broker.ensureTopics([{ name: topic, partitions: 1 }]);
}

function publish(text: string) {
  const value = [Buffer.from(text.padEnd(500, '.'))];
  return broker.publish([{ ...at, key: '', headers: {}, value }]);
}

async function publishMany(count: number) {
  for (let n = 0; n < count; n += 1) expect((await publish(`${n}`))[0]?.status).toBe('durable');
}

async function pollCount(member: Subscription, count: number): Promise<DeliveredMessage[]> {
  const found: DeliveredMessage[] = [];
  while (found.length < count) {
    found.push(...(await member.poll({ bytesMax: 1e6, waitMs: 1_000, abort: signal })));
  }
  return found;
}

const lagOf = async (group: string) => (await broker.lag(group))[0];

test('what is older than the retention goes, and is expired for who had not read it', async () => {
  await start();
  const slow = await broker.subscribe({ group: 'slow', topics: [topic] });
  const fast = await broker.subscribe({ group: 'fast', topics: [topic] });
  await publishMany(30);
  await fast.commit((await pollCount(fast, 30)).slice(-1));
  nowMs += 61_000;
  await until(() => events.some(({ type }) => type === 'deleted'));
  const lag = await lagOf('slow');
  expect(lag?.expired).toBeGreaterThan(0);
  expect(lag?.committed).toBe(lag?.start);
  // Every message is either still waiting or expired: none is forgotten, none is counted twice.
  expect((lag?.expired ?? 0) + (lag?.messages ?? 0)).toBe(30);
  expect(await lagOf('fast')).toMatchObject({ expired: 0, messages: 0, seconds: 0 });
  const found = await slow.poll({ bytesMax: 1e6, waitMs: 1_000, abort: signal });
  expect(found[0]?.position).toBe(lag?.start);
  files.powerCut();
  await start({ retentionEveryMs: 60_000 });
  expect(await lagOf('slow')).toEqual(lag);
});

test('a full log refuses new messages while one group has not read the old', async () => {
  await start({ logBytesMax: 20_000, segmentBytes: 65_536 });
  const member = await broker.subscribe({ group: 'g', topics: [topic] });
  await broker.subscribe({ group: 'other', topics: [topic] });
  let taken = 0;
  let [outcome] = await publish('0');
  for (; outcome?.status === 'durable'; [outcome] = await publish(`${taken}`)) taken += 1;
  expect(outcome).toMatchObject({ status: 'refused', code: 'log-full', retryable: true });
  expect(await lagOf('g')).toMatchObject({ messages: taken, expired: 0, start: 0 });
  await member.commit((await pollCount(member, taken)).slice(-1));
  expect((await publish('one group is behind'))[0]).toMatchObject({ code: 'log-full' });
  await broker.subscribe({ group: 'other', topics: [topic] });
  expect(await lagOf('other')).toMatchObject({ messages: taken, expired: 0 });
});

test('room is made of what every group has committed', async () => {
  await start({ logBytesMax: 20_000 });
  const member = await broker.subscribe({ group: 'g', topics: [topic] });
  let taken = 0;
  while (taken < 200) {
    const [outcome] = await publish(`${taken}`);
    if (outcome?.status === 'durable') taken += 1;
    // Who is refused comes again later; before room is made, the disk is told how far it went.
    else await new Promise((resolve) => setImmediate(resolve));
    const found = await member.poll({ bytesMax: 1e6, waitMs: 0, abort: signal });
    const last = found.at(-1);
    if (last !== undefined) await member.commit([last]);
  }
  expect(await lagOf('g')).toMatchObject({ expired: 0, end: 200 });
  expect(events.filter(({ type }) => type === 'expired')).toEqual([]);
});

test('how far the log reaches back is known, also after a power cut', async () => {
  await start();
  expect(broker.capabilities.missingUpToMs?.(at)).toBe(0);
  await publishMany(30);
  const takenMs = nowMs;
  nowMs += 61_000;
  await until(() => events.some(({ type }) => type === 'deleted'));
  expect(broker.capabilities.missingUpToMs?.(at)).toBe(takenMs);
  files.powerCut();
  await start({ retentionEveryMs: 60_000 });
  expect(broker.capabilities.missingUpToMs?.(at)).toBe(takenMs);
});

test('a topic that no group has subscribed to is kept for its time', async () => {
  await start({ logBytesMax: 20_000 });
  let taken = 0;
  while ((await publish(`${taken}`))[0]?.status === 'durable') taken += 1;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await publish('more'))[0]).toMatchObject({ code: 'log-full' });
  const late = await broker.subscribe({ group: 'late', topics: [topic] });
  expect(await lagOf('late')).toMatchObject({ messages: taken, start: 0 });
  await late.close();
});

test('a full disk is a refusal that may be tried again, and the health says so', async () => {
  await start();
  await publishMany(3);
  files.spaceBytes = 0;
  expect((await publish('no room'))[0]).toMatchObject({
    status: 'refused',
    code: 'disk-full',
    retryable: true,
  });
  expect(broker.health().ok).toBe(false);
  files.spaceBytes = 1e9;
  await publishMany(1);
  expect(broker.health().ok).toBe(true);
  files.spaceBytes = 0;
  await publish('no room');
  expect(broker.health().ok).toBe(false);
  // Without a client that sends, none would say that there is room again.
  nowMs += 10_000;
  expect(broker.health().ok).toBe(true);
  files.spaceBytes = 1e9;
  const member = await broker.subscribe({ group: 'g', topics: [topic] });
  expect(await pollCount(member, 4)).toHaveLength(4);
});
