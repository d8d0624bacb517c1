import type { Broker } from '@spillway/broker';
import { DeadLetters } from '@spillway/dead-letters';
import { LocalDependencies } from '@spillway/resilience';
import { type DecodedMessage, type MessageOutcome, stored } from '@spillway/store';
import { until } from '@spillway/test-support/until';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Consumer } from '../src/index.ts';
import { consume, lagOf, openBroker, publishLogs, ScriptedSink } from './support/harness.ts';

/** Throws when a batch holds what it does not like, as a store does that nobody foresaw. */
class Allergic extends ScriptedSink {
  /** Messages of each call. */
  readonly calls: number[] = [];
  to: (body: string) => boolean = (body) => body.startsWith('poison');

  override async apply(messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    this.calls.push(messages.length);
    if (this.failure) throw this.failure;
    const bodies = messages.flatMap(({ records }) => records.map(bodyOf));
    if (bodies.some(this.to)) throw new Error('it does not agree with me');
    this.applied.push(...bodies);
    return messages.map(({ records }) => ({ records: records.map(() => stored) }));
  }
}

const bodyOf = (record: DecodedMessage['records'][number]): string =>
  record.signal === 'logs' ? (record.body?.stringValue ?? '') : '';
const down = Object.assign(new Error('connection refused'), { blamesStore: true });

let broker: Broker;
let told: string[];
let closeBroker: () => Promise<void>;
let sink: Allergic;
const running: Consumer[] = [];

async function start(options: Parameters<typeof consume>[2] = {}) {
  const started = await consume(broker, sink, options);
  running.push(started.consumer);
  return started;
}

const drained = () => until(async () => (await lagOf(broker)) === 0);

beforeEach(async () => {
  ({ broker, told, close: closeBroker } = await openBroker());
  sink = new Allergic();
});
afterEach(async () => {
  for (const consumer of running.splice(0)) await consumer.stop();
  await closeBroker();
});

it('finds the poison by halves: it alone becomes a dead letter, everything else is stored', async () => {
  const bodies = Array.from({ length: 60 }, (_, i) => (i % 25 === 7 ? `poison ${i}` : `good ${i}`));
  for (const [i, body] of bodies.entries()) await publishLogs(broker, [body], i % 2);
  await start();
  await drained();
  const good = bodies.filter((body) => body.startsWith('good'));
  expect(new Set(sink.applied)).toEqual(new Set(good));
  const deadLetters = await Array.fromAsync(new DeadLetters(broker).list());
  expect(deadLetters).toHaveLength(3);
  for (const deadLetter of deadLetters) {
    expect(deadLetter).toMatchObject({
      code: 'rejected-by-store',
      records: 1,
      group: 'writer',
    });
    expect(deadLetter.reason).toBe('it does not agree with me');
  }
});

it('is not blocked by poison that comes alone, once something else goes through', async () => {
  await publishLogs(broker, ['poison']);
  const { consumer } = await start();
  await until(() => !consumer.health().ok);
  await publishLogs(broker, ['good']);
  await drained();
  expect(sink.applied).toContain('good');
  expect(await Array.fromAsync(new DeadLetters(broker).list())).toHaveLength(1);
  await until(() => consumer.health().ok);
});

it('takes a store that fails at everything for sick: no dead letter, and all is stored in the end', async () => {
  sink.to = () => true;
  for (let i = 0; i < 40; i++) await publishLogs(broker, [`${i}`], i % 2);
  const { consumer } = await start();
  await until(() => consumer.stats().breakerOpened > 0 && sink.calls.length > 100);
  expect(await Array.fromAsync(new DeadLetters(broker).list())).toEqual([]);
  expect(await lagOf(broker)).toBe(40);
  sink.to = () => false;
  await drained();
  expect(sink.applied).toHaveLength(40);
  expect(await Array.fromAsync(new DeadLetters(broker).list({ all: true }))).toEqual([]);
});

it('does not halve for a store that says itself that it is down', async () => {
  sink.failure = down;
  for (let i = 0; i < 10; i++) await publishLogs(broker, [`${i}`]);
  await start({ limits: { pollWaitMs: 20, gatherMs: 50, retryBaseMs: 5, breakerResetMs: 20 } });
  await until(() => sink.calls.length > 6);
  // Some attempts at what is there, then one message at a time.
  expect(sink.calls.slice(3, 6)).toEqual([1, 1, 1]);
});

it('pauses without leaving the group, probes with one message, and tells the fleet', async () => {
  const dependencies = new LocalDependencies({ name: 'w1' });
  const { consumer, events } = await start({ dependencies, dependency: 'write-store' });
  await publishLogs(broker, ['before']);
  await drained();
  expect(dependencies.states()).toMatchObject([{ dependency: 'write-store', own: 'up' }]);
  sink.failure = down;
  for (let i = 0; i < 30; i++) await publishLogs(broker, [`${i}`], i % 2);
  await until(() => consumer.stats().breakerOpened > 1);
  expect(dependencies.states()).toMatchObject([
    { own: 'down', reporters: [{ name: 'w1', reason: 'connection refused' }] },
  ]);
  expect(consumer.health()).toMatchObject({ ok: false, detail: expect.stringContaining('down') });
  expect(await lagOf(broker)).toBe(30);
  const from = sink.calls.length;
  sink.failure = undefined;
  await drained();
  expect(sink.calls[from]).toBe(1);
  expect(sink.applied.slice(1).sort()).toEqual(Array.from({ length: 30 }, (_, i) => `${i}`).sort());
  expect(dependencies.states()).toMatchObject([{ own: 'up' }]);
  expect(events.map(({ type }) => type)).not.toContain('failed');
});

it('gives partitions back at once while the store is down, and the next member goes on', async () => {
  const first = await start();
  sink.failure = down;
  for (let i = 0; i < 20; i++) await publishLogs(broker, [`${i}`], i % 2);
  await until(() => first.consumer.stats().breakerOpened > 0);
  const other = new Allergic();
  const second = await consume(broker, other);
  running.push(second.consumer);
  await until(() => other.applied.length === 10);
  // The group did not have to take them.
  expect(told).not.toContain('revoke-failed');
  sink.failure = undefined;
  await drained();
  expect([...sink.applied, ...other.applied].sort((a, b) => +a - +b)).toEqual(
    Array.from({ length: 20 }, (_, i) => `${i}`),
  );
});

it('says that nothing is stored when every record is wanted later', async () => {
  const dependencies = new LocalDependencies({ name: 'w1' });
  const blocked = new ScriptedSink();
  blocked.decide = () => ({ status: 'retry', afterMs: 1, reason: 'index is read-only' });
  await publishLogs(broker, ['one']);
  const options = { dependencies, dependency: 'search-store' };
  const { consumer } = await consume(broker, blocked, options);
  running.push(consumer);
  await until(() => !consumer.health().ok);
  expect(consumer.health().detail).toContain('index is read-only');
  expect(dependencies.states()).toMatchObject([{ own: 'down' }]);
  expect(consumer.stats()).toMatchObject({ partitionsHeld: 1, breaker: 'closed' });
  blocked.decide = () => ({ status: 'stored' });
  await until(() => consumer.health().ok);
  expect(dependencies.states()).toMatchObject([{ own: 'up' }]);
});

it('hands nothing behind a suspect to a store that would skip it afterwards', async () => {
  sink.capabilities = { skipsPassed: true };
  let failures = 2;
  const applied: string[] = [];
  sink.to = (body) => body === 'suspect' && failures-- > 0;
  const apply = sink.apply.bind(sink);
  sink.apply = async (messages) => {
    const outcomes = await apply(messages);
    applied.push(...messages.flatMap(({ records }) => records.map(bodyOf)));
    return outcomes;
  };
  for (const body of ['before', 'suspect', 'after']) await publishLogs(broker, [body]);
  await publishLogs(broker, ['elsewhere'], 1);
  await start();
  await drained();
  expect(applied.indexOf('suspect')).toBeLessThan(applied.indexOf('after'));
  expect(await Array.fromAsync(new DeadLetters(broker).list())).toEqual([]);
});
