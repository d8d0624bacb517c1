import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Broker, deadLetterTopicOf, stampHeaders, topicOf } from '@spillway/broker';
import { createEmbeddedBroker } from '@spillway/broker-embedded';
import { encodeRequest, type LogRecord, type SpanRecord, signals } from '@spillway/otlp';
import type {
  DecodedMessage,
  MessageOutcome,
  RecordOutcome,
  Sink,
  StoreCapabilities,
} from '@spillway/store';
import { TestRecords } from '../../../store/src/contract/test-records.ts';
import { Consumer, type ConsumerEvent, type ConsumerOptions } from '../../src/index.ts';

export const partitions = 2;
export const maker = new TestRecords({ nowMs: Date.now() });

/** A real broker in a folder of its own. */
export async function openBroker(): Promise<{
  broker: Broker;
  /** Types of what it reported. */
  told: string[];
  close: () => Promise<void>;
}> {
  const told: string[] = [];
  const dir = mkdtempSync(join(tmpdir(), 'spillway-consumer-'));
  const broker = createEmbeddedBroker({
    dir,
    fsync: false,
    report: ({ type }) => told.push(type),
  });
  await broker.start();
  const names = signals.flatMap((signal) => [topicOf[signal], deadLetterTopicOf[signal]]);
  await broker.ensureTopics(names.map((name) => ({ name, partitions })));
  const close = async () => {
    await broker.stop();
    rmSync(dir, { recursive: true });
  };
  return { broker, told, close };
}

let sequence = 0;

/** One message of logs, one record per body. */
export function publishLogs(
  broker: Broker,
  bodies: readonly string[],
  partition = 0,
): Promise<unknown> {
  const resource = maker.resource();
  const scope = maker.scope();
  const records = bodies.map((body) => log(body, { resource, scope }));
  return publish(broker, encodeRequest('logs', records), records.length, partition);
}

export async function publish(
  broker: Broker,
  value: Uint8Array,
  records: number,
  partition = 0,
  topic: string = topicOf.logs,
): Promise<void> {
  sequence++;
  const stamp = { gateway: 'gw', epoch: 1, sequence, tenant: 'acme', records };
  const headers = stampHeaders({ ...stamp, receivedMs: Date.now() });
  const message = { topic, partition, key: 'acme', value: [value], headers };
  const [outcome] = await broker.publish([message]);
  if (outcome?.status !== 'durable') throw new Error(JSON.stringify(outcome));
}

export function log(body: string, over: Partial<LogRecord> = {}): LogRecord {
  return { ...maker.log(), body: { stringValue: body }, ...over };
}

export function span(over: Partial<SpanRecord> = {}): SpanRecord {
  return maker.span(over);
}

/** Remembers what it was given; `decide` says what becomes of it. */
export class ScriptedSink implements Sink {
  readonly name = 'scripted';
  capabilities: StoreCapabilities = {};
  /** Bodies in the order of hand-over, of messages that were applied. */
  readonly applied: string[] = [];
  readonly messages: DecodedMessage[] = [];
  decide: (body: string) => RecordOutcome = () => ({ status: 'stored' });
  /** Throw it for as long as it is set. */
  failure: Error | undefined;
  attempts = 0;

  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  health() {
    return { ok: true, detail: 'scripted' };
  }

  async apply(messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    this.attempts++;
    if (this.failure) throw this.failure;
    this.messages.push(...messages);
    return messages.map((message) => ({
      records: message.records.map((record) => {
        const body = record.signal === 'logs' ? (record.body?.stringValue ?? '') : record.signal;
        const outcome = this.decide(body);
        if (outcome.status === 'stored') this.applied.push(body);
        return outcome;
      }),
    }));
  }
}

export interface Running {
  consumer: Consumer;
  events: ConsumerEvent[];
}

export async function consume(
  broker: Broker,
  sink: Sink,
  options: Partial<ConsumerOptions> = {},
): Promise<Running> {
  const events: ConsumerEvent[] = [];
  const consumer = new Consumer({
    group: 'writer',
    broker,
    sink,
    limits: { pollWaitMs: 20, gatherMs: 2, retryBaseMs: 5, retryMaxMs: 20, breakerResetMs: 20 },
    report: (event) => events.push(event),
    ...options,
  });
  await consumer.start();
  return { consumer, events };
}

export async function lagOf(broker: Broker, group = 'writer'): Promise<number> {
  const lags = await broker.lag(group);
  return lags.reduce((sum, { messages }) => sum + (messages ?? 0), 0);
}
