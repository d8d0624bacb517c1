import { BrokerError, type TopicSpec } from '@spillway/broker';
import type { ClusterView, KafkaClient } from './client.ts';
import type { KafkaBrokerEvent, KafkaSection } from './config.ts';
import { KafkaError, messageOf, reasonOf } from './errors.ts';
import type { Logs } from './logs.ts';

const hourMs = 3_600_000;
/** Dead letters wait for a person. */
const keptHours = 720;

export interface TopicsOptions {
  client: KafkaClient;
  logs: Logs;
  section: KafkaSection;
  report: (event: KafkaBrokerEvent) => void;
}

/** Makes what is missing, and checks all: with weaker settings an acknowledgement would be a lie. */
export async function ensureTopics(
  specs: readonly TopicSpec[],
  options: TopicsOptions,
): Promise<void> {
  for (const { name } of specs) checkName(name);
  const names = specs.map(({ name }) => name);
  const { client, logs, section, report } = options;
  const before = await logs.persist(() => logs.view(names));
  const missing = specs.filter(({ name }) => !before.topics.has(name));
  if (missing.length > 0) {
    await logs.persist(() => create(missing, client, section));
    for (const { name: topic, partitions } of missing) {
      report({ type: 'topic-created', topic, partitions });
    }
  }
  const view = await logs.persist(() => complete(names, logs));
  checkShape(specs, view, section);
  checkSettings(await logs.persist(() => client.settings(names)), section);
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
    if (reasonOf(error) === 'TOPIC_ALREADY_EXISTS') return; // Another process was quicker.
    if (reasonOf(error) !== 'INVALID_REPLICATION_FACTOR') throw error;
    const names = specs.map(({ name }) => name).join(', ');
    throw misconfigured(
      `${names}: broker.kafka.replicationFactor is ${replicationFactor}, the cluster has fewer ` +
        `brokers (${messageOf(error)})`,
    );
  });
}

/** A topic just made is not led at once. */
async function complete(names: readonly string[], logs: Logs): Promise<ClusterView> {
  const view = await logs.view(names);
  for (const name of names) {
    const partitions = view.topics.get(name)?.partitions;
    const isLed = partitions?.every(({ leader }) => leader >= 0) ?? false;
    if (!isLed) throw new KafkaError('connection', `${name} has partitions without a leader`);
  }
  return view;
}

function checkShape(specs: readonly TopicSpec[], view: ClusterView, section: KafkaSection): void {
  for (const { name, partitions } of specs) {
    const found = view.topics.get(name)?.partitions ?? [];
    if (found.length !== partitions) {
      throw new BrokerError(
        'partitions-differ',
        `${name} has ${found.length} partitions, not ${partitions} (broker.partitions)`,
      );
    }
    const replicas = Math.min(...found.map((partition) => partition.replicas));
    const key = 'replicationFactor';
    if (replicas < section[key]) throw differs(name, key, { wanted: section[key], got: replicas });
  }
}

function checkSettings(
  settings: ReadonlyMap<string, Record<string, string>>,
  section: KafkaSection,
): void {
  for (const [name, own] of settings) {
    const wanted = {
      minInsyncReplicas: own['min.insync.replicas'],
      messageBytesMax: own['max.message.bytes'],
    };
    for (const [key, value] of Object.entries(wanted)) {
      const least = section[key as keyof typeof wanted];
      if (Number(value) < least) throw differs(name, key, { wanted: least, got: Number(value) });
    }
    if (own['cleanup.policy']?.includes('compact')) {
      throw misconfigured(`${name}: cleanup.policy ${own['cleanup.policy']} removes messages`);
    }
  }
}

function differs(topic: string, key: string, { wanted, got }: { wanted: number; got: number }) {
  return misconfigured(
    `${topic}: broker.kafka.${key} wants at least ${wanted}, the topic has ${got}; ` +
      `change the topic (${kafkaNames[key]}) or the key`,
  );
}

const kafkaNames: Record<string, string> = {
  replicationFactor: 'its replicas',
  minInsyncReplicas: 'min.insync.replicas',
  messageBytesMax: 'max.message.bytes',
};

function misconfigured(message: string): BrokerError {
  return new BrokerError('misconfigured', message);
}
