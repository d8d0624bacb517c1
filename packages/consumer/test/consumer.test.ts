import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Broker, messageName, readEnvelope, topicOf } from '@spillway/broker';
import type { Sink } from '@spillway/store';
import { until } from '@spillway/test-support/until';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Consumer, CrashRecord } from '../src/index.ts';
import { consume, lagOf, openBroker, publishLogs, ScriptedSink } from './support/harness.ts';

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

describe('Consumer', () => {
  it('hands a partition over in order and commits after the sink', async () => {
    for (let i = 0; i < 20; i++) await publishLogs(broker, [`a${i}`, `b${i}`]);
    await start();
    await until(async () => (await lagOf(broker)) === 0);
    expect(sink.applied).toEqual(Array.from({ length: 20 }, (_, i) => [`a${i}`, `b${i}`]).flat());
  });

  it('keeps a partition back whose message may have ended the process before; others go on', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'spillway-crashRecord-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    for (const body of ['suspect', 'behind it']) await publishLogs(broker, [body]);
    for (const body of ['elsewhere', 'and on']) await publishLogs(broker, [body], 1);
    const names: string[] = [];
    for await (const message of broker.read({ topic: topicOf.logs, partition: 0, position: 0 })) {
      names.push(messageName(readEnvelope(message).id));
    }
    const before = new CrashRecord();
    before.open(join(dir, 'in-hand'));
    before.take(names.slice(0, 1));
    let nowMs = 0;
    const crashRecord = new CrashRecord({ nowMs: () => nowMs });
    crashRecord.open(join(dir, 'in-hand'));
    await start({ crashRecord: crashRecord });
    await until(() => sink.applied.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(sink.applied).toEqual(['elsewhere', 'and on']);
    nowMs = 5_000;
    await until(() => sink.applied.length === 4);
    expect(sink.applied.slice(2)).toEqual(['suspect', 'behind it']);
  });

  it('commits nothing while the sink is down, and loses nothing when it is back', async () => {
    sink.failure = new Error('connection refused');
    await publishLogs(broker, ['one']);
    const { consumer, events } = await start();
    await until(() => sink.attempts > 2);
    expect(await lagOf(broker)).toBe(1);
    expect(consumer.health()).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/^scripted: connection refused/),
    });
    sink.failure = undefined;
    await until(async () => (await lagOf(broker)) === 0);
    expect(sink.applied).toEqual(['one']);
    expect(consumer.health().ok).toBe(true);
    expect(events.filter(({ type }) => type === 'sink-unavailable').length).toBeGreaterThan(1);
  });

  it('delivers again what was applied and not committed', async () => {
    await publishLogs(broker, ['one']);
    const commitless = new Proxy(broker, {
      get: (target, name) => {
        if (name === 'subscribe') {
          return async (options: Parameters<Broker['subscribe']>[0]) => {
            const subscription = await target.subscribe(options);
            const commit = () => Promise.reject(new Error('crashed before the commit'));
            return new Proxy(subscription, {
              get: (inner, member) => {
                if (member === 'commit') return commit;
                const value = inner[member as keyof typeof inner];
                return typeof value === 'function' ? value.bind(inner) : value;
              },
            });
          };
        }
        const value = target[name as keyof Broker];
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const { consumer, events } = await start({ broker: commitless });
    await until(() => events.some(({ type }) => type === 'failed'));
    await consumer.stop();
    await start();
    await until(async () => (await lagOf(broker)) === 0);
    expect(sink.applied.length).toBeGreaterThan(1);
    expect(new Set(sink.applied)).toEqual(new Set(['one']));
  });

  it('goes on after a commit that failed', async () => {
    await publishLogs(broker, ['one']);
    let failures = 2;
    const subscribe = broker.subscribe.bind(broker);
    const spied = vi.spyOn(broker, 'subscribe').mockImplementation(async (options) => {
      const subscription = await subscribe(options);
      const commit = subscription.commit.bind(subscription);
      subscription.commit = async (positions) => {
        if (failures-- > 0) throw new Error('no space left');
        await commit(positions);
      };
      return subscription;
    });
    const { consumer } = await start();
    await until(async () => (await lagOf(broker)) === 0);
    await publishLogs(broker, ['two']);
    await until(async () => (await lagOf(broker)) === 0);
    spied.mockRestore();
    expect(sink.applied.at(-1)).toBe('two');
    expect(consumer.health().ok).toBe(true);
  });

  it('holds only the partition of which a record is wanted later, and keeps its order', async () => {
    let refusals = 3;
    sink.decide = (body) => {
      const busy = body === 'slow' && refusals-- > 0;
      return busy ? { status: 'retry', afterMs: 5, reason: 'busy' } : { status: 'stored' };
    };
    await publishLogs(broker, ['before']);
    await publishLogs(broker, ['slow']);
    await publishLogs(broker, ['after']);
    await publishLogs(broker, ['elsewhere'], 1);
    const { events } = await start();
    await until(async () => (await lagOf(broker)) === 0);
    const last = (body: string) => sink.applied.lastIndexOf(body);
    expect(last('slow')).toBeLessThan(last('after'));
    expect(sink.applied.filter((body) => body === 'elsewhere')).toHaveLength(1);
    expect(events.some(({ type }) => type === 'partition-held')).toBe(true);
  });

  it('stops in the middle of trouble without committing', async () => {
    sink.failure = new Error('down');
    await publishLogs(broker, ['one']);
    const { consumer } = await start();
    await until(() => sink.attempts > 0);
    await consumer.stop();
    expect(await lagOf(broker)).toBe(1);
  });

  it('hands nothing over while it is paused', async () => {
    const { consumer } = await start();
    consumer.pause();
    await publishLogs(broker, ['one']);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([sink.applied, await lagOf(broker)]).toEqual([[], 1]);
    consumer.resume();
    await until(() => sink.applied.length === 1);
  });
});

describe('a sink that keeps its own positions', () => {
  it('gets again what it lost, back to its own position', async () => {
    await publishLogs(broker, ['one']);
    await publishLogs(broker, ['two']);
    const first = await start();
    await until(async () => (await lagOf(broker)) === 0);
    await first.consumer.stop();
    const forgetful = new ScriptedSink();
    forgetful.capabilities = { nextPositions: async () => [] };
    const { events } = await start({}, forgetful);
    await until(() => forgetful.applied.length === 2);
    expect(forgetful.applied).toEqual(['one', 'two']);
    expect(events[0]).toMatchObject({ type: 'rewound', to: 0 });
  });

  it('gets again what it lost while it was running', async () => {
    let next = 0;
    sink.capabilities = {
      nextPositions: async () => [{ topic: topicOf.logs, partition: 0, position: next }],
    };
    await start();
    await publishLogs(broker, ['one']);
    await until(async () => (await lagOf(broker)) === 0);
    next = 1;
    sink.failure = new Error('the file is broken');
    await publishLogs(broker, ['two']);
    await until(() => sink.attempts > 2);
    // Set aside, and begun anew.
    next = 0;
    sink.failure = undefined;
    await until(() => sink.applied.length === 3);
    expect(sink.applied).toEqual(['one', 'one', 'two']);
  });

  it('never skips ahead of the committed position, so that dead letters are not lost', async () => {
    await publishLogs(broker, ['one']);
    sink.capabilities = {
      nextPositions: async () => [{ topic: topicOf.logs, partition: 0, position: 1_000 }],
    };
    await start();
    await until(() => sink.applied.length === 1);
  });
});
