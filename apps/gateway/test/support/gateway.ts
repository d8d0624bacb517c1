import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Broker,
  type DeliveredMessage,
  deadLetterTopicOf,
  ledgerTopic,
  type OutgoingMessage,
  type PublishOutcome,
  topicOf,
} from '@spillway/broker';
import { createEmbeddedBroker } from '@spillway/broker-embedded';
import type { LedgerNote } from '@spillway/ledger';
import type { Spill } from '@spillway/spill';
import { onTestFinished } from 'vitest';
import {
  createGateway,
  type Gateway,
  type GatewayConfig,
  type GatewayEvent,
  gatewaySection,
} from '../../src/index.ts';

const partitions = 4;
export const epoch = 1_700_000_000_000;
const topics = [
  ...Object.values(topicOf).map((name) => ({ name, partitions })),
  ...Object.values(deadLetterTopicOf).map((name) => ({ name, partitions, kept: true })),
  { name: ledgerTopic, partitions: 1 },
];

/** The embedded broker in a folder of its own, with the topics of a gateway. */
export async function openBroker(): Promise<Broker> {
  const dir = await mkdtemp(join(tmpdir(), 'gateway-'));
  const broker = createEmbeddedBroker({ dir });
  await broker.start();
  await broker.ensureTopics(topics);
  onTestFinished(async () => {
    await broker.stop();
    await rm(dir, { recursive: true });
  });
  return broker;
}

export interface Running {
  gateway: Gateway;
  broker: Broker;
  events: GatewayEvent[];
  http: string;
  grpc: string;
}

export interface RunOptions {
  config?: Partial<GatewayConfig>;
  broker?: Broker;
  nowMs?: () => number;
  messageBytesMax?: number;
  spill?: Spill;
  name?: string;
  epoch?: number;
}

/** A gateway on free ports, stopped at the end of the test. */
export async function runGateway(options: RunOptions = {}): Promise<Running> {
  const broker = options.broker ?? (await openBroker());
  const events: GatewayEvent[] = [];
  const gateway = createGateway({
    config: gatewaySection.parse({ httpPort: 0, grpcPort: 0, ...options.config }),
    broker,
    name: options.name ?? 'gw',
    epoch: options.epoch ?? epoch,
    ...(options.spill && { spill: options.spill }),
    messageBytesMax: options.messageBytesMax ?? 16 * 1024 * 1024,
    report: (event) => events.push(event),
    ...(options.nowMs && { nowMs: options.nowMs }),
  });
  await gateway.start();
  onTestFinished(() => gateway.stop());
  return { gateway, broker, events, ...gateway.addresses };
}

export type Publish = (
  messages: readonly OutgoingMessage[],
  real: Broker,
) => Promise<PublishOutcome[]>;

/**
 * The real broker with a fault in publishing: the one thing a test cannot ask a disk for. The
 * fault is in the telemetry's topics, or in the ledger's.
 */
export function withPublish(
  real: Broker,
  publish: Publish,
  where: 'telemetry' | 'ledger' = 'telemetry',
): Broker {
  const publishOrFail = (messages: readonly OutgoingMessage[]) => {
    const isNote = messages[0]?.topic === ledgerTopic;
    return isNote === (where === 'ledger') ? publish(messages, real) : real.publish(messages);
  };
  return new Proxy(real, {
    get(target, name) {
      if (name === 'publish') return publishOrFail;
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

export async function readAll(broker: Broker, topic: string): Promise<DeliveredMessage[]> {
  const spec = (await broker.topics()).find(({ name }) => name === topic);
  const messages: DeliveredMessage[] = [];
  for (let partition = 0; partition < (spec?.partitions ?? 0); partition++) {
    for await (const message of broker.read({ topic, partition, position: 0 })) {
      messages.push({ ...message, value: Buffer.from(message.value) });
    }
  }
  return messages;
}

export async function readNotes(broker: Broker): Promise<LedgerNote[]> {
  const messages = await readAll(broker, ledgerTopic);
  return messages.map(({ value }) => JSON.parse(Buffer.from(value).toString()));
}

export function recordsOf(messages: readonly DeliveredMessage[]): number {
  return messages.reduce((sum, { headers }) => sum + Number(headers['spillway-records']), 0);
}
