import type { SafetyFinding, SafetyName, TopicSpec } from '@spillway/broker';
import type { ClusterView, KafkaClient } from '../client.ts';
import type { KafkaSection } from '../config.ts';
import type { Logs } from '../logs.ts';

export interface InspectOptions {
  client: KafkaClient;
  logs: Logs;
  section: KafkaSection;
}

/** With fewer than two copies behind it, an acknowledgement of a replicated topic is the leader's. */
const confirmingMin = 2;

/** Compares what the section declares with the cluster, and with the topics that are there. */
export async function inspectTopics(
  specs: readonly TopicSpec[],
  { client, logs, section }: InspectOptions,
): Promise<SafetyFinding[]> {
  const names = specs.map(({ name }) => name);
  const view = await logs.retryUntilDone(() => logs.view(names));
  const there = names.filter((name) => view.topics.has(name));
  const settings =
    there.length === 0 ? new Map() : await logs.retryUntilDone(() => client.settings(there));
  return [
    ...declared(section),
    ...(there.length < names.length ? cluster(view, section) : []),
    ...copies(there, view, section),
    ...confirming(settings, section),
    ...sizes(settings, section),
    ...elections(settings),
  ];
}

type Settings = ReadonlyMap<string, Record<string, string>>;

function declared({ replicationFactor, minInsyncReplicas }: KafkaSection): SafetyFinding[] {
  if (replicationFactor < confirmingMin || minInsyncReplicas >= confirmingMin) return [];
  return [
    {
      name: 'acks',
      key: 'broker.kafka.minInsyncReplicas',
      wanted: `at least ${confirmingMin} of ${replicationFactor} copies before an acknowledgement`,
      got: String(minInsyncReplicas),
    },
  ];
}

function cluster({ nodes }: ClusterView, { replicationFactor }: KafkaSection): SafetyFinding[] {
  if (nodes.length >= replicationFactor) return [];
  return [
    {
      name: 'replication',
      key: 'broker.kafka.replicationFactor',
      wanted: `at least ${replicationFactor} brokers`,
      got: `${nodes.length} in the cluster`,
    },
  ];
}

function copies(
  names: readonly string[],
  { topics }: ClusterView,
  { replicationFactor }: KafkaSection,
): SafetyFinding[] {
  const found = names.map((name): [string, number] => {
    const partitions = topics.get(name)?.partitions ?? [];
    return [name, Math.min(...partitions.map(({ replicas }) => replicas))];
  });
  const key = 'broker.kafka.replicationFactor';
  return less('replication', { key, least: replicationFactor, what: 'replicas', found });
}

function confirming(settings: Settings, { minInsyncReplicas }: KafkaSection): SafetyFinding[] {
  const what = 'min.insync.replicas';
  const key = 'broker.kafka.minInsyncReplicas';
  const found = numbers(settings, what);
  return less('replication', { key, least: minInsyncReplicas, what, found });
}

function sizes(settings: Settings, { messageBytesMax }: KafkaSection): SafetyFinding[] {
  const what = 'max.message.bytes';
  const key = 'broker.kafka.messageBytesMax';
  return less('message-limit', {
    key,
    least: messageBytesMax,
    what,
    found: numbers(settings, what),
  });
}

/** A leader elected from behind drops what the former one acknowledged. */
function elections(settings: Settings): SafetyFinding[] {
  const key = 'unclean.leader.election.enable';
  const bad = [...settings].flatMap(([name, own]) => (own[key] === 'true' ? [name] : []));
  if (bad.length === 0) return [];
  return [{ name: 'replication', key, wanted: 'false', got: `true on ${bad.join(', ')}` }];
}

function numbers(settings: Settings, setting: string): [string, number][] {
  return [...settings].map(([name, own]) => [name, Number(own[setting])]);
}

interface Least {
  key: string;
  least: number;
  what: string;
  /** Values found, by topic. */
  found: readonly [string, number][];
}

/** One finding for each value that is too small or not known, with the topics that have it. */
function less(name: SafetyName, { key, least, what, found }: Least): SafetyFinding[] {
  const bad = found.filter(([, value]) => !(value >= least));
  return [...Map.groupBy(bad, ([, value]) => value)].map(([value, those]) => ({
    name,
    key,
    wanted: `${what} of at least ${least}`,
    got: `${Number.isNaN(value) ? 'unknown' : value} on ${those.map(([topic]) => topic).join(', ')}`,
  }));
}
