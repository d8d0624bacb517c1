import { until } from '@spillway/test-support/until';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { numbered } from './load.ts';
import { ProducerLab, publish } from './producer-lab.ts';

let lab: ProducerLab;

beforeAll(async () => {
  lab = await ProducerLab.open();
  // What a cluster does for its first producer takes longer than the tests give it.
  await publish(await lab.start(), await lab.makeTopic(), [0]);
});
afterEach(() => lab?.reset());
afterAll(() => lab?.close());

test('bytes that arrive after they were given up never land behind newer ones', async () => {
  const topic = await lab.makeTopic();
  const producer = await lab.start({ proxied: true, deliveryTimeoutMs: 3_000 });
  expect(await publish(producer, topic, [1])).toEqual(['durable']);
  for (const proxy of lab.proxies) proxy.set('hold', { open: true });
  const calls = [[2, 3], [4], [5]].map((numbers) => publish(producer, topic, numbers));
  expect((await Promise.all(calls)).flat()).toEqual(Array(4).fill('unknown'));
  for (const proxy of lab.proxies) proxy.set('pass', { open: false });
  expect(await publish(producer, topic, [6])).toEqual(['durable']);
  let released = 0;
  for (const proxy of lab.proxies) released += proxy.release();
  expect(released).toBeGreaterThan(900);
  await until(() => lab.proxies.some(({ lateAnswers }) => lateAnswers > 0));
  expect(await publish(producer, topic, [7])).toEqual(['durable']);
  expect(await lab.numbersIn(topic)).toEqual([1, 6, 7]);
  expect(lab.events).toContainEqual(expect.objectContaining({ type: 'unresolved', messages: 2 }));
});

test('bytes that arrive late but before newer ones land at most once, and in order', async () => {
  const topic = await lab.makeTopic();
  const producer = await lab.start({ proxied: true, deliveryTimeoutMs: 3_000 });
  expect(await publish(producer, topic, [1])).toEqual(['durable']);
  for (const proxy of lab.proxies) proxy.set('hold', { open: true });
  expect(await publish(producer, topic, [2])).toEqual(['unknown']);
  for (const proxy of lab.proxies) {
    proxy.release();
    proxy.set('pass', { open: false });
  }
  await until(async () => (await lab.numbersIn(topic)).length === 2);
  expect(await publish(producer, topic, [3, 4])).toEqual(['durable', 'durable']);
  expect(await lab.numbersIn(topic)).toEqual([1, 2, 3, 4]);
});

test('an abort answers soon: refused if not sent, unknown if sent', async () => {
  const topic = await lab.makeTopic();
  const producer = await lab.start({ proxied: true });
  expect(await publish(producer, topic, [1])).toEqual(['durable']);
  for (const proxy of lab.proxies) proxy.set('hold', { open: true });
  // As many as may be in flight, and one behind them.
  const sent = [2, 3, 4, 5, 6].map((number) => publish(producer, topic, [number]));
  const abort = new AbortController();
  const waiting = producer.publish([numbered(topic, 0, 7)], abort.signal);
  abort.abort();
  expect(await waiting).toMatchObject([{ status: 'refused', code: 'unavailable' }]);
  const late = new AbortController();
  for (const proxy of lab.proxies) {
    proxy.set('pass', { open: false });
    proxy.cut();
  }
  expect((await Promise.all(sent)).flat()).toEqual(Array(5).fill('durable'));
  for (const proxy of lab.proxies) proxy.set('hold', { open: true });
  const flying = producer.publish([numbered(topic, 0, 8)], late.signal);
  late.abort();
  expect(await flying).toMatchObject([{ status: 'unknown' }]);
  const before = lab.proxies.reduce((sum, { lateAnswers }) => sum + lateAnswers, 0);
  for (const proxy of lab.proxies) proxy.set('pass', { open: false });
  expect(await producer.publish([numbered(topic, 0, 9)], late.signal)).toMatchObject([
    { status: 'refused', code: 'unavailable', retryable: true },
  ]);
  expect(await publish(producer, topic, [10])).toEqual(['durable']);
  for (const proxy of lab.proxies) proxy.release();
  await until(() => {
    const answered = lab.proxies.reduce((sum, one) => sum + one.lateAnswers, 0);
    return answered > before;
  });
  expect(await lab.numbersIn(topic)).toEqual([1, 2, 3, 4, 5, 6, 10]);
});

test('what the topic does not take is refused alone; its neighbours are durable', async () => {
  const topic = await lab.makeTopic({ 'max.message.bytes': '20000' });
  const producer = await lab.start();
  const sizes = [300, 30_000, 300, 300, 50_000, 9_000, 9_000, 300];
  const calls = [0, 10].map((from) =>
    producer.publish(sizes.map((bytes, index) => numbered(topic, 0, from + index, bytes))),
  );
  for (const outcomes of await Promise.all(calls)) {
    outcomes.forEach((outcome, index) => {
      if (sizes[index] !== 30_000 && sizes[index] !== 50_000) {
        expect(outcome.status).toBe('durable');
      } else {
        expect(outcome).toMatchObject({ status: 'refused', code: 'too-large', retryable: false });
      }
    });
  }
  expect(await lab.numbersIn(topic)).toEqual([0, 2, 3, 5, 6, 7, 10, 12, 13, 15, 16, 17]);
});

test('more than may wait is refused at once, and taken when there is room again', async () => {
  const topic = await lab.makeTopic();
  const producer = await lab.start({ proxied: true, bufferBytesMax: 10_000 });
  expect(await publish(producer, topic, [1])).toEqual(['durable']);
  for (const proxy of lab.proxies) proxy.set('hold', { open: true });
  const held = publish(producer, topic, [2, 3], 4_000);
  const over = await producer.publish([4, 5].map((number) => numbered(topic, 0, number, 4_000)));
  for (const outcome of over) {
    expect(outcome).toMatchObject({ status: 'refused', code: 'unavailable', retryable: true });
  }
  for (const proxy of lab.proxies) {
    proxy.set('pass', { open: false });
    proxy.cut();
  }
  expect(await held).toEqual(['durable', 'durable']);
  expect(await publish(producer, topic, [6], 4_000)).toEqual(['durable']);
  expect(await lab.numbersIn(topic)).toEqual([1, 2, 3, 6]);
});

test('an idle connection that a broker closes is no trouble', async () => {
  const topic = await lab.makeTopic();
  const producer = await lab.start({ proxied: true });
  expect(await publish(producer, topic, [1])).toEqual(['durable']);
  for (const proxy of lab.proxies) proxy.cut();
  await until(() => lab.proxies.every(({ open }) => open === 0));
  // Its sockets are of this process: a moment later it has heard of it.
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await publish(producer, topic, [2])).toEqual(['durable']);
  expect(producer.health().ok).toBe(true);
  expect(lab.events).toEqual([]);
  expect(await lab.numbersIn(topic)).toEqual([1, 2]);
});

test('stop lets finish what was handed over', async () => {
  const topic = await lab.makeTopic();
  const producer = await lab.start();
  const calls = [1, 2, 3].map((number) => publish(producer, topic, [number]));
  await producer.stop();
  expect((await Promise.all(calls)).flat()).toEqual(Array(3).fill('durable'));
  expect(await publish(producer, topic, [4])).toEqual(['refused']);
});

test('without any broker, start gives up and says why', async () => {
  const nobody = { bootstrap: ['127.0.0.1:1'], deliveryTimeoutMs: 300 };
  await expect(lab.start(nobody)).rejects.toMatchObject({ code: 'connection' });
});
