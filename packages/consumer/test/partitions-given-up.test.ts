import type { Broker, DeliveredMessage, PollOptions, Subscription } from '@spillway/broker';
import { stampHeaders, topicOf } from '@spillway/broker';
import { encodeRequest } from '@spillway/otlp';
import { type DecodedMessage, type MessageOutcome, stored } from '@spillway/store';
import { until } from '@spillway/test-support/until';
import { expect, it } from 'vitest';
import { Consumer } from '../src/index.ts';
import { log, ScriptedSink } from './support/harness.ts';

const topic = topicOf.logs;
const place = { topic, partition: 0 };

function message(position: number): DeliveredMessage {
  const value = encodeRequest('logs', [log(`${position}`)]);
  const stamp = { gateway: 'gw', epoch: 1, sequence: position + 1, tenant: 'acme', records: 1 };
  const headers = stampHeaders({ ...stamp, receivedMs: Date.now() });
  return { ...place, position, timestampMs: Date.now(), key: 'acme', value, headers };
}

/** One partition, of which each poll takes what may be taken then. */
class OnePartition {
  committed = 0;
  next = 0;
  /** Positions below it are there. */
  end = 0;
  onRevoke: () => Promise<void> = async () => undefined;

  /** As after a lost session: the member knows of it when the partition is already its own again. */
  comesBack(): void {
    void this.onRevoke();
    this.next = this.committed;
  }

  readonly broker = {
    capabilities: { canReplay: true },
    lag: async () => [],
    subscribe: async ({ onRevoke }: Parameters<Broker['subscribe']>[0]) => {
      this.onRevoke = async () => await onRevoke?.([place]);
      return this.subscription;
    },
  } as unknown as Broker;

  readonly subscription = {
    assigned: () => [place],
    poll: async ({ waitMs, abort }: PollOptions) => {
      const until = performance.now() + waitMs;
      do {
        if (this.next < this.end) return [message(this.next++)];
        await new Promise((resolve) => setTimeout(resolve, 1));
      } while (performance.now() < until && !abort.aborted);
      return [];
    },
    commit: async ([to]: { position: number }[]) => {
      this.committed = (to?.position ?? 0) + 1;
    },
    seek: async () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    close: async () => undefined,
  } as unknown as Subscription;
}

/** Keeps each batch until it is let go. */
class Slow extends ScriptedSink {
  readonly begun: string[] = [];
  letGo = Promise.withResolvers<void>();

  override async apply(messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    this.begun.push(...messages.map(({ position }) => `${position}`));
    await this.letGo.promise;
    this.applied.push(...messages.map(({ position }) => `${position}`));
    return messages.map(({ records }) => ({ records: records.map(() => stored) }));
  }
}

function consume(one: OnePartition, sink: Slow, gatherMs: number): Consumer {
  const limits = { pollWaitMs: 400, gatherMs, retryBaseMs: 1, retryMaxMs: 1, breakerResetMs: 1 };
  return new Consumer({ group: 'writer', broker: one.broker, sink, limits });
}

const down = Object.assign(new Error('connection refused'), { blamesStore: true });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('hands nothing over that was polled before its partition was given up', async () => {
  const [one, sink] = [new OnePartition(), new Slow()];
  const consumer = consume(one, sink, 150);
  one.end = 1;
  await consumer.start();
  await until(() => sink.begun.length === 1);
  await pause(50);
  one.end = 2;
  // The second is polled, and waits for company, while the store fails at the first.
  await until(() => one.next === 2);
  one.comesBack();
  one.end = 0;
  sink.letGo.reject(down);
  await pause(200);
  sink.letGo = Promise.withResolvers();
  sink.letGo.resolve();
  one.end = 3;
  await until(() => one.committed === 3);
  await consumer.stop();
  expect([...new Set(sink.applied)]).toEqual(['0', '1', '2']);
});

it('keeps what it polled of a partition that came back before the batch was done', async () => {
  const [one, sink] = [new OnePartition(), new Slow()];
  const consumer = consume(one, sink, 0);
  one.end = 1;
  await consumer.start();
  await until(() => sink.begun.length === 1);
  one.next = 1;
  void one.onRevoke();
  one.end = 2;
  await until(() => one.next === 2);
  await pause(20);
  sink.letGo.resolve();
  one.end = 3;
  await until(() => one.committed === 3);
  await consumer.stop();
  expect([...new Set(sink.applied)]).toEqual(['0', '1', '2']);
});
