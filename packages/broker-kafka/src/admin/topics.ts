import { BrokerError, type TopicSpec } from '@spillway/broker';
import type { ClusterView, KafkaClient } from '../client.ts';
import type { KafkaBrokerEvent, KafkaSection } from '../config.ts';
import { KafkaError, reasonOf } from '../errors.ts';
import type { Logs } from '../logs.ts';

const hourMs = 3_600_000;
/** Dead letters wait for a person. */
const keptHours = 720;

export interface TopicsOptions {
  client: KafkaClient;
  logs: Logs;
  section: KafkaSection;
  report: (event: KafkaBrokerEvent) => void;
}

/**
 * Makes what is missing, with as many copies as there are brokers at most: `inspectTopics` says
 * when those are too few.
 */
export async function ensureTopics(
  specs: readonly TopicSpec[],
  options: TopicsOptions,
): Promise<void> {
  for (const { name } of specs) checkName(name);
  const names = specs.map(({ name }) => name);
  const { client, logs, section, report } = options;
  const before = await logs.retryUntilDone(() => logs.view(names));
  const missing = specs.filter(({ name }) => !before.topics.has(name));
  if (missing.length > 0) {
    await logs.retryUntilDone(() => create(missing, client, bounded(section, before)));
    for (const { name: topic, partitions } of missing) {
      report({ type: 'topic-created', topic, partitions });
    }
  }
  const short = specs.filter(({ name, partitions }) => {
    const found = before.topics.get(name)?.partitions.length;
    return found !== undefined && found < partitions;
  });
  if (short.length > 0) {
    await logs.retryUntilDone(() => grow(short, client));
    for (const { name: topic, partitions } of short) {
      report({ type: 'topic-grown', topic, partitions });
    }
  }
  await logs.retryUntilDone(() => complete(specs, logs));
  checkSettings(await logs.retryUntilDone(() => client.settings(names)));
}

/** Kafka's own names are longer; these fit every broker. */
export function checkName(name: string): void {
  if (/^[A-Za-z0-9._-]{1,200}$/.test(name) && name !== '.' && name !== '..') return;
  throw new BrokerError('bad-name', `Not a name of a topic or group: ${JSON.stringify(name)}`);
}

async function create(
  specs: readonly TopicSpec[],
  client: KafkaClient,
  section: KafkaSection,
): Promise<void> {
  const { replicationFactor, minInsyncReplicas, retentionHours, messageBytesMax } = section;
  const settings = {
    'cleanup.policy': 'delete',
    'min.insync.replicas': String(minInsyncReplicas),
    'max.message.bytes': String(messageBytesMax),
    // When the broker took it: replay by time and lag in seconds hang on it.
    'message.timestamp.type': 'LogAppendTime',
  };
  const topics = specs.map(({ name, partitions, kept }) => {
    const hours = kept ? Math.max(retentionHours, keptHours) : retentionHours;
    const retention = { 'retention.ms': String(Math.round(hours * hourMs)) };
    return { name, partitions, replicationFactor, settings: { ...settings, ...retention } };
  });
  await client.createTopics(topics).catch((error) => {
    if (reasonOf(error) !== 'TOPIC_ALREADY_EXISTS') throw error; // Another process was quicker.
  });
}

function bounded(section: KafkaSection, { nodes }: ClusterView): KafkaSection {
  const replicationFactor = Math.max(1, Math.min(section.replicationFactor, nodes.length));
  const minInsyncReplicas = Math.min(section.minInsyncReplicas, replicationFactor);
  return { ...section, replicationFactor, minInsyncReplicas };
}

async function grow(specs: readonly TopicSpec[], client: KafkaClient): Promise<void> {
  await client.addPartitions(specs).catch((error) => {
    if (reasonOf(error) !== 'INVALID_PARTITIONS') throw error; // Another process was quicker.
  });
}

/** A partition just made is not led at once. */
async function complete(specs: readonly TopicSpec[], logs: Logs): Promise<void> {
  const view = await logs.view(specs.map(({ name }) => name));
  for (const { name, partitions: wanted } of specs) {
    const partitions = view.topics.get(name)?.partitions ?? [];
    const isLed = partitions.length >= wanted && partitions.every(({ leader }) => leader >= 0);
    if (!isLed) throw new KafkaError('connection', `${name} has partitions without a leader`);
  }
}

function checkSettings(settings: ReadonlyMap<string, Record<string, string>>): void {
  for (const [name, own] of settings) {
    if (!own['cleanup.policy']?.includes('compact')) continue;
    const message = `${name}: cleanup.policy ${own['cleanup.policy']} removes messages`;
    throw new BrokerError('misconfigured', message);
  }
}
