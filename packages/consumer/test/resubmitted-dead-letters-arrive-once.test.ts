import { type Broker, deadLetterHeaders, deadLetterTopicOf, topicOf } from '@spillway/broker';
import { DeadLetters } from '@spillway/dead-letters';
import { until } from '@spillway/test-support/until';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Consumer } from '../src/index.ts';
import { consume, lagOf, openBroker, publishLogs, ScriptedSink } from './support/harness.ts';

let broker: Broker;
let closeBroker: () => Promise<void>;
let sink: ScriptedSink;
let consumer: Consumer;
const { signal } = new AbortController();

const refuse = () => ({ status: 'deadLetter', code: 'rejected-by-store', reason: 'no' }) as const;
const drained = () => until(async () => (await lagOf(broker)) === 0);

async function refused(count: number): Promise<string[]> {
  sink.decide = refuse;
  for (let i = 0; i < count; i++) await publishLogs(broker, [`${i}`], i % 2);
  await drained();
  sink.decide = () => ({ status: 'stored' });
  return (await Array.fromAsync(new DeadLetters(broker).list())).map(({ id }) => id);
}

/** The broker, with one of its methods replaced. */
function changed<K extends 'publish' | 'read'>(
  name: K,
  method: (original: Broker[K]) => Broker[K],
): Broker {
  return new Proxy(broker, {
    get: (target, key) => {
      const value = target[key as keyof Broker];
      if (typeof value !== 'function') return value;
      return key === name ? method(target[name].bind(target) as Broker[K]) : value.bind(target);
    },
  });
}

beforeEach(async () => {
  ({ broker, close: closeBroker } = await openBroker());
  sink = new ScriptedSink();
  ({ consumer } = await consume(broker, sink));
});
afterEach(async () => {
  await consumer.stop();
  await closeBroker();
});

it('many, with each topic read through once', async () => {
  const ids = await refused(60);
  let passes = 0;
  const counting = changed('read', (read) => (from, options) => {
    // With one byte it reads one message.
    if (from.position === 0 && options?.bytesMax !== 1) passes++;
    return read(from, options);
  });
  const options = { ratePerSecond: 10_000, abort: signal };
  const sent = await Array.fromAsync(new DeadLetters(counting).resubmit(ids, options));
  expect(sent).toEqual(ids);
  // Three topics of two partitions.
  expect(passes).toBe(6);
  await drained();
  expect([...sink.applied].sort()).toEqual(Array.from({ length: 60 }, (_, i) => `${i}`).sort());
});

it('no faster than it is told, and what went is told when it is ended', async () => {
  const ids = await refused(5);
  const abort = new AbortController();
  const deadLetters = new DeadLetters(broker);
  // The second dead letter would go in an hour.
  const options = { ratePerSecond: 1 / 3_600, abort: abort.signal };
  const sent: string[] = [];
  for await (const id of deadLetters.resubmit(ids, options)) {
    sent.push(id);
    abort.abort();
  }
  expect(sent).toEqual(ids.slice(0, 1));
  expect((await Array.fromAsync(deadLetters.list())).map(({ id }) => id)).toEqual(ids.slice(1));
});

it('after a crash between a dead letter and its mark, too', async () => {
  const ids = await refused(4);
  const key = (messages = sink.messages) =>
    messages.flatMap(({ records }) => records.map((record) => record.key)).sort();
  const minutes = new Map(sink.messages.map((each) => [key([each])[0], each.envelope.receivedMs]));
  sink.messages.length = 0;
  let published = 0;
  const crashing = changed('publish', (publish) => async (messages, abort) => {
    published++;
    // The second dead letter goes, its mark does not.
    if (published === 4) throw new Error('killed');
    return publish(messages, abort);
  });
  const options = { ratePerSecond: 10_000, abort: signal };
  await expect(Array.fromAsync(new DeadLetters(crashing).resubmit(ids, options))).rejects.toThrow(
    /killed; 1 dead letters went before it/,
  );
  const rest = await Array.fromAsync(new DeadLetters(broker).resubmit(ids, options));
  expect(rest).toEqual(ids.slice(1));
  await drained();
  const byId = new Map(sink.messages.map((each) => [JSON.stringify(each.envelope.id), each]));
  // Five messages, but the two of the second dead letter are one by their id: the stores drop the other.
  expect([sink.messages.length, byId.size]).toEqual([5, 4]);
  expect(key([...byId.values()])).toEqual([...minutes.keys()].sort());
  for (const message of byId.values()) {
    expect(message.envelope.receivedMs).toBe(minutes.get(key([message])[0]));
    expect(message.envelope.onlyGroup).toBe('writer');
  }
});

it('one without its records says so, and is not sent', async () => {
  const source = `${topicOf.logs}/0/7`;
  const headers = {
    [deadLetterHeaders.group]: 'writer',
    [deadLetterHeaders.code]: 'too-large',
    [deadLetterHeaders.reason]: 'a body of 90 MB',
    [deadLetterHeaders.source]: source,
    [deadLetterHeaders.records]: '1',
  };
  const place = { topic: deadLetterTopicOf.logs, partition: 0, key: 'acme' };
  await broker.publish([{ ...place, value: [], headers }]);
  const deadLetters = new DeadLetters(broker);
  const [deadLetter] = await Array.fromAsync(deadLetters.list());
  expect(deadLetter).toMatchObject({ hasBody: false, reason: 'a body of 90 MB' });
  const sent = deadLetters.resubmit([deadLetter?.id ?? ''], { abort: signal });
  expect(await Array.fromAsync(sent)).toEqual([]);
});
