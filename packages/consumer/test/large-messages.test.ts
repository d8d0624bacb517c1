import { type Broker, deadLetterTopicOf, topicOf } from '@spillway/broker';
import { DeadLetters } from '@spillway/dead-letters';
import { encodeRequest } from '@spillway/otlp';
import {
  type DecodedMessage,
  isLastPart,
  type MessageOutcome,
  PartMissingError,
} from '@spillway/store';
import { until } from '@spillway/test-support/until';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Consumer } from '../src/index.ts';
import {
  consume,
  lagOf,
  log,
  maker,
  openBroker,
  publish,
  publishLogs,
  ScriptedSink,
} from './support/harness.ts';

let broker: Broker;
let closeBroker: () => Promise<void>;
let sink: ScriptedSink;
const running: Consumer[] = [];
/** Ten or twenty of the records below. */
const limits = {
  pollWaitMs: 20,
  gatherMs: 2,
  retryBaseMs: 5,
  retryMaxMs: 20,
  breakerResetMs: 20,
  decodedBytesMax: 65_536,
};
const padding = 'x'.repeat(2_000);
const bodies = Array.from({ length: 100 }, (_, n) => `${n} ${padding}`);

async function start(group = 'writer') {
  const started = await consume(broker, sink, { limits, group });
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

const bodyOf = ({ records }: DecodedMessage) =>
  records.map((record) => (record.signal === 'logs' ? record.body?.stringValue : ''));

describe('a message of more records than fit into memory', () => {
  it('goes to the sink in parts, in order, each within the limit, and is committed once', async () => {
    await publishLogs(broker, bodies);
    await publishLogs(broker, ['behind']);
    const { consumer } = await start();
    await until(async () => (await lagOf(broker)) === 0);
    const parts = sink.messages.filter(({ part }) => part);
    expect(parts.length).toBeGreaterThan(5);
    for (const { records } of parts) expect(records.length).toBeLessThan(20);
    expect(sink.applied).toEqual([...bodies, 'behind']);
    expect(parts.map(({ part }) => part?.from)).toEqual([
      0,
      ...parts.slice(0, -1).map(({ part }) => part?.to),
    ]);
    expect(parts.at(-1)?.part).toMatchObject({ to: 100, total: 100 });
    await until(() => consumer.stats().messages === 2);
    expect(consumer.stats()).toMatchObject({ messages: 2, stored: 101 });
  });

  it('goes on with the part that the sink wanted later', async () => {
    let refusals = 2;
    sink.decide = (body) => {
      const isBusy = body.startsWith('50 ') && refusals-- > 0;
      return isBusy ? { status: 'retry', afterMs: 1, reason: 'busy' } : { status: 'stored' };
    };
    await publishLogs(broker, bodies);
    await start();
    await until(async () => (await lagOf(broker)) === 0);
    expect(new Set(sink.applied)).toEqual(new Set(bodies));
    const first = sink.messages.filter(({ part }) => part?.from === 0);
    expect(first).toHaveLength(1);
  });

  it('begins anew where the sink lost the parts before', async () => {
    const apply = sink.apply.bind(sink);
    let losses = 1;
    sink.apply = async (messages): Promise<MessageOutcome[]> => {
      const [message] = messages;
      if (message?.part && message.part.from > 50 && losses-- > 0)
        throw new PartMissingError(message);
      return await apply(messages);
    };
    await publishLogs(broker, bodies);
    await start();
    await until(async () => (await lagOf(broker)) === 0);
    expect(sink.messages.filter(({ part }) => part?.from === 0)).toHaveLength(2);
    expect(new Set(sink.applied)).toEqual(new Set(bodies));
  });

  it('makes one dead letter a code of what is refused in all of its parts', async () => {
    sink.decide = (body) =>
      Number.parseInt(body, 10) % 10 === 3
        ? { status: 'deadLetter', code: 'unstorable', reason: 'three' }
        : { status: 'stored' };
    await publishLogs(broker, bodies);
    await start();
    await until(async () => (await lagOf(broker)) === 0);
    const deadLetters = await Array.fromAsync(new DeadLetters(broker).list());
    expect(deadLetters).toMatchObject([{ code: 'unstorable', records: 10, hasBody: true }]);
    const shown = await new DeadLetters(broker).show(deadLetters[0]?.id ?? '');
    expect(shown?.body).toContain('"93 ');
  });

  it('loses only the part that no store takes, as a dead letter of its own', async () => {
    const apply = sink.apply.bind(sink);
    sink.apply = async (messages): Promise<MessageOutcome[]> => {
      if (messages.some((message) => bodyOf(message).some((body) => body?.startsWith('50 '))))
        throw new Error('a bug nobody foresaw');
      return await apply(messages);
    };
    await publishLogs(broker, bodies);
    await publishLogs(broker, ['beside'], 1);
    await start();
    await until(async () => (await lagOf(broker)) === 0);
    const [deadLetter, ...others] = await Array.fromAsync(new DeadLetters(broker).list());
    expect(others).toEqual([]);
    expect(deadLetter).toMatchObject({ code: 'rejected-by-store' });
    expect(sink.applied.length + (deadLetter?.records ?? 0)).toBe(101);
    const last = sink.messages.filter(({ part }) => part).findLast(isLastPart);
    expect(last?.part?.before.deadLettered).toBe(deadLetter?.records);
  });

  it('lets other partitions have their turn', async () => {
    const records = bodies.flatMap((body) => [log(body), log(`${body}!`)]);
    const shared = { resource: maker.resource(), scope: maker.scope() };
    const value = encodeRequest(
      'logs',
      records.map((each) => ({ ...each, ...shared })),
    );
    const apply = sink.apply.bind(sink);
    sink.apply = async (messages): Promise<MessageOutcome[]> => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return await apply(messages);
    };
    await publish(broker, value, records.length, 0);
    await start();
    await until(() => sink.messages.length > 0);
    await publishLogs(broker, ['beside'], 1);
    await until(async () => (await lagOf(broker)) === 0);
    expect(sink.applied.indexOf('beside')).toBeLessThan(200);
    expect(sink.applied.indexOf('beside')).toBeGreaterThan(0);
  });
});

describe('what another program wrote', () => {
  const foreign = async (value: Uint8Array, headers: Record<string, string> = {}) => {
    const message = { topic: topicOf.logs, partition: 0, key: 'k', value: [value], headers };
    const [outcome] = await broker.publish([message]);
    expect(outcome?.status).toBe('durable');
  };
  const one = encodeRequest('logs', [log('foreign')]);
  const large = 'h'.repeat(3_000_000);

  it.each<[string, Uint8Array, Record<string, string>, number]>([
    ['random bytes', Buffer.from('f00dfeed'.repeat(100), 'hex'), {}, 1],
    ['headers of megabytes', Buffer.from('ff'), { 'x-large': large, traceparent: large }, 1],
    ['headers of megabytes around a record', one, { 'x-large': large }, 0],
    ['ordinals of megabytes', one, { 'spillway-ordinals': '1,'.repeat(1_500_000) }, 0],
    [
      'numbers beyond every store',
      one,
      {
        'spillway-tenant': 'acme',
        'spillway-records': '9007199254740991',
        'spillway-received-ms': '-5',
        'spillway-seq': 'gw/1/-7',
      },
      0,
    ],
    [
      'a tenant of a megabyte',
      one,
      {
        'spillway-tenant': 'a'.repeat(1_000_000),
        'spillway-records': '1',
        'spillway-received-ms': '5',
        'spillway-seq': 'gw/1/7',
      },
      0,
    ],
  ])('%s: neighbours are stored', async (_, value, headers, deadLetters) => {
    await publishLogs(broker, ['before']);
    await foreign(value, headers);
    await publishLogs(broker, ['behind']);
    await start();
    await until(async () => (await lagOf(broker)) === 0);
    const stored = deadLetters ? ['before', 'behind'] : ['before', 'foreign', 'behind'];
    expect(sink.applied).toEqual(stored);
    const found = await Array.fromAsync(new DeadLetters(broker).list());
    expect(found).toHaveLength(deadLetters);
    for await (const { headers: kept } of broker.read({
      topic: deadLetterTopicOf.logs,
      partition: 0,
      position: 0,
    })) {
      expect(JSON.stringify(kept).length).toBeLessThan(10_000);
    }
    for (const { envelope } of sink.messages) {
      expect(envelope.tenant.length).toBeLessThan(300);
      expect(envelope.receivedMs).toBeGreaterThanOrEqual(0);
    }
  });
});
