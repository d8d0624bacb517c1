import { type PartitionLag, partitionName, type TopicPartition } from '@spillway/broker';
import { sleep } from '@spillway/resilience';
import type { RabbitMqConfig } from './config.ts';
import type { Group } from './group/group.ts';
import { groupQueue } from './names.ts';
import type { Catalog } from './server/catalog.ts';
import type { Client } from './server/client.ts';
import type { CountListener } from './server/counts.ts';
import { type QueueStat, statQueues } from './server/stat.ts';
import { partitionsOf } from './server/topology.ts';

export interface LagOptions {
  config: RabbitMqConfig;
  client: Client;
  catalog: Catalog;
  counts: CountListener;
  /** That are shown also when the group has no queue there: then nothing is known. */
  topics: readonly string[];
}

const answerMs = 25;

/**
 * Messages: what is ready, which the server knows, and what members were given and have not
 * acknowledged, which they report. Seconds: of the oldest one that a member has; and while there is
 * no member, of the n-th last one published. What is not reported is unknown.
 */
export async function lagOf(group: Group, options: LagOptions): Promise<PartitionLag[]> {
  const { catalog, client } = options;
  const read = catalog.topicsOf(group.name).map(({ name }) => name);
  const names = new Set([...read, ...options.topics]);
  const topics = [...names].flatMap((name) => catalog.topic(name) ?? []);
  const partitions = topics.flatMap(partitionsOf);
  const stats = await statsOf(group, partitions, options);
  if (!client.isOpen) return partitions.map((at) => lagFrom(at, { group: group.name }));
  return partitions.map((at) => {
    const queue = groupQueue(at, group.name);
    const stat = stats.get(queue);
    const holding = group.holding(queue);
    const isHeld = stat !== undefined && stat.consumers > 0;
    const unacked = isHeld ? (holding?.unacked ?? null) : 0;
    const messages = stat && unacked !== null ? stat.ready + unacked : null;
    const seconds = messages === null ? null : secondsOf(at, { messages, holding, options });
    return lagFrom(at, { group: group.name, messages, seconds });
  });
}

/** Who is not known yet gets a moment to answer. */
async function statsOf(
  group: Group,
  partitions: readonly TopicPartition[],
  { client, config, counts }: LagOptions,
): Promise<Map<string, QueueStat>> {
  if (!client.isOpen) return new Map();
  await Promise.all([group.open(), counts.start()]);
  const queues = partitions.map((at) => groupQueue(at, group.name));
  const deadline = performance.now() + config.beatMs;
  for (;;) {
    const stats = await statQueues(client, queues);
    const isKnown = (queue: string): boolean =>
      !stats.get(queue)?.consumers || group.holding(queue) !== undefined;
    if (queues.every(isKnown) || performance.now() > deadline) return stats;
    await sleep(answerMs);
  }
}

function secondsOf(
  at: TopicPartition,
  {
    messages,
    holding,
    options,
  }: {
    messages: number;
    holding: { oldestMs: number | null } | undefined;
    options: LagOptions;
  },
): number | null {
  if (messages === 0) return 0;
  const { counts, config } = options;
  if (typeof holding?.oldestMs === 'number') {
    return Math.max(0, config.clock() - holding.oldestMs) / 1_000;
  }
  const oldestMs = counts.history.oldestMs(partitionName(at), messages);
  return oldestMs === undefined ? null : Math.max(0, performance.now() - oldestMs) / 1_000;
}

function lagFrom(
  { topic, partition }: TopicPartition,
  known: { group: string; messages?: number | null; seconds?: number | null },
): PartitionLag {
  const { group, messages = null, seconds = null } = known;
  return {
    group,
    topic,
    partition,
    messages,
    seconds,
    expired: 0,
    committed: null,
    start: null,
    end: null,
  };
}
