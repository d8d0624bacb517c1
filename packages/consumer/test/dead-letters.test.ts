import { type Broker, deadLetterTopicOf, topicOf } from '@spillway/broker';
import { DeadLetters } from '@spillway/dead-letters';
import { decode, encodeRequest } from '@spillway/otlp';
import type { Sink } from '@spillway/store';
import { until } from '@spillway/test-support/until';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Consumer } from '../src/index.ts';
import {
  consume,
  lagOf,
  log,
  openBroker,
  publish,
  publishLogs,
  ScriptedSink,
  span,
} from './support/harness.ts';

let broker: Broker;
let closeBroker: () => Promise<void>;
let sink: ScriptedSink;
const running: Consumer[] = [];

async function start(options: Parameters<typeof consume>[2] = {}, into: Sink = sink) {
  const started = await consume(broker, into, options);
  running.push(started.consumer);
  return started;
}

beforeEach(async () => {
  ({ broker, close: closeBroker } = await openBroker());
  sink = new ScriptedSink();
});

afterEach(async () => {
  for (const consumer of running.splice(0)) await consumer.stop();
  await closeBroker();
});

describe('a dead letter that is larger than the broker takes', () => {
  it('goes without its records, and blocks nobody', async () => {
    const messageBytesMax = 16 * 1_024 * 1_024;
    // The message just fits; with the headers of a dead letter it would not.
    let room = messageBytesMax - encodeRequest('logs', [log('')]).length;
    const publishLargest = (): Promise<void> =>
      publish(broker, encodeRequest('logs', [log('x'.repeat(room))]), 1).catch(() => {
        room -= 32;
        return publishLargest();
      });
    sink.decide = (body) =>
      body === 'after' ? { status: 'stored' } : { status: 'deadLetter', code: 'no', reason: 'no' };
    await publishLargest();
    await publishLogs(broker, ['after']);
    await start();
    await until(async () => (await lagOf(broker)) === 0);
    expect(sink.applied).toEqual(['after']);
    const deadLetters = new DeadLetters(broker);
    const [deadLetter] = await Array.fromAsync(deadLetters.list());
    expect(deadLetter).toMatchObject({ code: 'no', records: 1 });
    const { signal } = new AbortController();
    expect(
      await Array.fromAsync(
        deadLetters.resubmit([deadLetter?.id ?? ''], { ratePerSecond: 100, abort: signal }),
      ),
    ).toEqual([]);
  });
});

describe('what another tool wrote', () => {
  it('with a key of any size is a dead letter without it, and blocks nobody', async () => {
    const value = [Buffer.from('f00dfeed', 'hex')];
    const place = { topic: topicOf.logs, partition: 0, headers: {}, value };
    const isTaken = async (chars: number): Promise<boolean> => {
      const [outcome] = await broker.publish([{ ...place, key: 'k'.repeat(chars) }]);
      return outcome?.status === 'durable';
    };
    let chars = 16 * 1_024 * 1_024;
    while (!(await isTaken(chars))) chars -= 32;
    await publishLogs(broker, ['after']);
    await start();
    await until(async () => (await lagOf(broker)) === 0);
    expect(sink.applied).toEqual(['after']);
    const deadLetters = await Array.fromAsync(new DeadLetters(broker).list());
    expect(deadLetters).toMatchObject([{ code: 'malformed-message', hasBody: true }]);
  });

  it('and the broker could not read is a dead letter that says why', async () => {
    await publishLogs(broker, ['lost']);
    await publishLogs(broker, ['after']);
    const subscribe = broker.subscribe.bind(broker);
    vi.spyOn(broker, 'subscribe').mockImplementation(async (options) => {
      const subscription = await subscribe(options);
      const poll = subscription.poll.bind(subscription);
      subscription.poll = async (asked) => {
        const unread = { value: new Uint8Array(), headers: {}, fault: 'too large to be read' };
        const messages = await poll(asked);
        return messages.map((each) => (each.position === 0 ? { ...each, ...unread } : each));
      };
      return subscription;
    });
    await start();
    await until(async () => (await lagOf(broker)) === 0);
    expect(sink.applied).toEqual(['after']);
    const [deadLetter] = await Array.fromAsync(new DeadLetters(broker).list());
    expect(deadLetter).toMatchObject({ code: 'malformed-message', records: 1, hasBody: false });
    expect(deadLetter?.reason).toBe('too large to be read');
  });
});

describe('dead letters', () => {
  const poison = () => {
    const [good, bad] = [span(), span({ traceId: '00'.repeat(16) })];
    return encodeRequest('traces', [good, { ...bad, resource: good.resource, scope: good.scope }]);
  };

  it('hold the poison record alone; its neighbour is stored', async () => {
    await publish(broker, poison(), 2, 0, topicOf.traces);
    await start();
    await until(async () => (await lagOf(broker)) === 0);
    expect(sink.applied).toEqual(['traces']);
    const deadLetters = await Array.fromAsync(new DeadLetters(broker).list());
    expect(deadLetters).toMatchObject([
      { group: 'writer', code: 'invalid-trace-id', records: 1, tenant: 'acme', signal: 'traces' },
    ]);
    expect(deadLetters[0]?.reason).toMatch(/trace/);
    const shown = await new DeadLetters(broker).show(deadLetters[0]?.id ?? '');
    expect(JSON.parse(shown?.body ?? '').resourceSpans[0].scopeSpans[0].spans).toHaveLength(1);
  });

  it('are shown to their tenant, as far as a person can read them', async () => {
    // Half a million values in one record, and more bytes than anybody reads.
    const values = Buffer.alloc(1_000_000, Buffer.from([0x0a, 0]));
    const list = field(0x2a, field(0x2a, values));
    await publish(broker, field(0x0a, field(0x12, field(0x12, list))), 1);
    await publish(broker, Buffer.alloc(2_000_000, 0xff), 1);
    await publishLogs(broker, ['small']);
    sink.decide = () => ({ status: 'deadLetter', code: 'no', reason: 'no' });
    await start();
    await until(async () => (await lagOf(broker)) === 0);
    const deadLetters = new DeadLetters(broker);
    const ids = (await Array.fromAsync(deadLetters.list())).map(({ id }) => id);
    const shown = await Promise.all(ids.map((id) => deadLetters.show(id, { tenant: 'acme' })));
    expect(shown.map((one) => one?.body.length === 0)).toEqual([true, true, false]);
    expect(shown.map((one) => (one?.bodyBytes ?? 0) > 900_000)).toEqual([true, true, false]);
    expect(await deadLetters.show(ids[2] ?? '', { tenant: 'other' })).toBeUndefined();
  });

  it('are on the broker before the commit', async () => {
    let refused = true;
    const picky = new Proxy(broker, {
      get: (target, name) => {
        const value = target[name as keyof Broker];
        if (typeof value !== 'function') return value;
        if (name !== 'publish' || !refused) return value.bind(target);
        return async (messages: unknown[]) =>
          messages.map(() => ({
            status: 'refused',
            code: 'disk-full',
            retryable: true,
            message: '',
          }));
      },
    });
    await publish(broker, poison(), 2, 0, topicOf.traces);
    const { events } = await start({ broker: picky });
    await until(() => events.some(({ type }) => type === 'dead-letter-refused'));
    expect(await lagOf(broker)).toBe(1);
    refused = false;
    await until(async () => (await lagOf(broker)) === 0);
    expect(await Array.fromAsync(new DeadLetters(broker).list())).toHaveLength(1);
  });

  it('are counted once, however often their message is delivered', async () => {
    await publish(broker, poison(), 2, 0, topicOf.traces);
    const first = await start();
    await until(async () => (await lagOf(broker)) === 0);
    await first.consumer.stop();
    await broker.replay('writer', topicOf.traces, 'earliest');
    await start();
    await until(async () => (await lagOf(broker)) === 0);
    expect(await Array.fromAsync(new DeadLetters(broker).list())).toHaveLength(1);
  });

  it('take a foreign message whole when not even its framing holds', async () => {
    const junk = { topic: topicOf.logs, partition: 0, key: '', headers: {} };
    await broker.publish([{ ...junk, value: [Uint8Array.of(0xff, 0xff, 1)] }]);
    await start();
    await until(async () => (await lagOf(broker)) === 0);
    expect(await Array.fromAsync(new DeadLetters(broker).list())).toMatchObject([
      { code: 'malformed-message', records: 1, sourceId: { gateway: 'foreign' } },
    ]);
  });

  it('go back only to the group that refused them, once, with their keys', async () => {
    sink.decide = () => ({ status: 'deadLetter', code: 'rejected-by-store', reason: 'no' });
    await publishLogs(broker, ['twin', 'twin', 'other']);
    await start();
    const searchSink = new ScriptedSink();
    await start({ group: 'search' }, searchSink);
    await until(async () => (await lagOf(broker)) + (await lagOf(broker, 'search')) === 0);
    const before = sink.messages.flatMap(({ records }) => records.map(({ key }) => key));
    sink.decide = () => ({ status: 'stored' });
    sink.messages.length = 0;
    const deadLetters = new DeadLetters(broker);
    const ids = (await Array.fromAsync(deadLetters.list())).map(({ id }) => id);
    const options = { ratePerSecond: 1_000, abort: new AbortController().signal };
    expect(await Array.fromAsync(deadLetters.resubmit(ids, options))).toEqual(ids);
    expect(await Array.fromAsync(deadLetters.resubmit(ids, options))).toEqual([]);
    await until(async () => (await lagOf(broker)) + (await lagOf(broker, 'search')) === 0);
    expect(sink.messages.flatMap(({ records }) => records.map(({ key }) => key))).toEqual(before);
    expect(searchSink.applied).toHaveLength(3);
    expect(await Array.fromAsync(deadLetters.list())).toEqual([]);
    expect(await Array.fromAsync(deadLetters.list({ all: true }))).toMatchObject([
      { resubmitted: true, records: 3 },
    ]);
  });

  it('keep the bytes of the client', async () => {
    expect.assertions(1);
    const message = poison();
    await publish(broker, message, 2, 1, topicOf.traces);
    await start();
    await until(async () => (await lagOf(broker)) === 0);
    const place = { topic: deadLetterTopicOf.traces, partition: 1, position: 0 };
    for await (const deadLetter of broker.read(place)) {
      const [broken] = decode('traces', deadLetter.value, { tenant: 'acme' }).broken;
      const original = decode('traces', message, { tenant: 'acme' }).broken;
      expect(broken?.key).toBe(original[0]?.key);
    }
  });
});

/** A field of a message, by its tag. */
function field(tag: number, bytes: Uint8Array): Buffer {
  const length: number[] = [];
  let left = bytes.length;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) length.push((left % 0x80) | 0x80);
  return Buffer.concat([Buffer.from([tag, ...length, left]), bytes]);
}
