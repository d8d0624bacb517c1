import { BrokerError, partitionName, type ReplayFrom, type TopicPartition } from '@spillway/broker';
import type { CommittedOffset, KafkaClient } from './client.ts';
import { reasonOf } from './errors.ts';
import { earliestMs, type Logs, latestMs } from './logs.ts';

export interface ReplayOptions {
  client: KafkaClient;
  logs: Logs;
}

/** Sets where a group without members goes on; throws 'group-running' when it has some. */
export async function replayGroup(
  group: string,
  { topic, from }: { topic: string; from: ReplayFrom },
  { client, logs }: ReplayOptions,
): Promise<void> {
  const partitions = await logs.partitionsOf(topic);
  const node = await client.coordinator(group);
  const { state } = await client.describeGroup(node, group);
  if (state !== 'Empty' && state !== 'Dead') throw running(group);
  const wanted = await positionsOf(partitions, from, logs);
  const before = new Map(
    (await client.committed(node, group)).map((one) => [partitionName(one), one.metadata]),
  );
  const offsets = wanted.map((one) => ({ ...one, metadata: before.get(partitionName(one)) ?? '' }));
  if (offsets.length === 0) return;
  await client.commit(node, { group, memberId: '', generation: -1 }, offsets).catch((error) => {
    // A member joined since.
    if (['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION'].includes(reasonOf(error))) throw running(group);
    throw error;
  });
}

async function positionsOf(
  partitions: readonly TopicPartition[],
  from: ReplayFrom,
  logs: Logs,
): Promise<Omit<CommittedOffset, 'metadata'>[]> {
  if (from === 'earliest' || 'timestampMs' in from) {
    // Negative ones mean something else to Kafka.
    const timestampMs = from === 'earliest' ? earliestMs : Math.max(0, from.timestampMs);
    return await Promise.all(
      partitions.map(async (one) => ({
        ...one,
        position: await positionAt(one, timestampMs, logs),
      })),
    );
  }
  const names = new Set(partitions.map(partitionName));
  return from.positions
    .filter((one) => names.has(partitionName(one)))
    .map(({ topic, partition, position }) => ({ topic, partition, position }));
}

/** The first message taken at or after the time; the end when there is none. */
export async function positionAt(
  place: TopicPartition,
  timestampMs: number,
  logs: Logs,
): Promise<number> {
  const { topic, partition } = place;
  const found = await logs.offset({ topic, partition, timestampMs });
  return found >= 0 ? found : await logs.offset({ topic, partition, timestampMs: latestMs });
}

function running(group: string): BrokerError {
  return new BrokerError('group-running', `${group} has members; stop them before a replay`);
}
