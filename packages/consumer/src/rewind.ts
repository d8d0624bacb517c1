import {
  type Broker,
  type Position,
  partitionName,
  type TopicPartition,
  topicOf,
} from '@spillway/broker';
import { signals } from '@spillway/otlp';
import type { Sink } from '@spillway/store';

export interface Rewind extends TopicPartition {
  from: number;
  to: number;
}

/**
 * A sink that is less durable than the log keeps its own positions. Where they are behind the
 * group's committed ones, the group goes back to them before it reads, so what the sink lost is
 * handed over again and the lag says so meanwhile. Such a sink is owned by one process.
 * @param replayFromMs where a partition begins of which the sink knows nothing; the start if absent
 */
export async function rewindToSink(options: {
  broker: Broker;
  group: string;
  sink: Sink;
  replayFromMs?: () => number;
}): Promise<Rewind[]> {
  const { broker, group, sink, replayFromMs } = options;
  if (!sink.nextPositions || !broker.canReplay) return [];
  const topics = new Set(signals.map((signal) => topicOf[signal]));
  const partitions = (await broker.topics())
    .filter(({ name }) => topics.has(name))
    .flatMap(({ name: topic, partitions: count }) =>
      Array.from({ length: count }, (_, partition) => ({ topic, partition })),
    );
  const known = new Map(
    (await sink.nextPositions(partitions)).map((next) => [partitionName(next), next.position]),
  );
  const lags = new Map((await broker.lag(group)).map((lag) => [partitionName(lag), lag]));
  const rewinds: Rewind[] = [];
  for (const partition of partitions) {
    const from = lags.get(partitionName(partition))?.committed;
    const to =
      known.get(partitionName(partition)) ??
      (replayFromMs ? await broker.positionAt(partition, replayFromMs()) : 0);
    if (typeof from === 'number' && to < from) rewinds.push({ ...partition, from, to });
  }
  for (const topic of new Set(rewinds.map((rewind) => rewind.topic))) {
    const positions: Position[] = rewinds
      .filter((rewind) => rewind.topic === topic)
      .map(({ partition, to }) => ({ topic, partition, position: to }));
    await broker.replay(group, topic, { positions });
  }
  return rewinds;
}

/** True when the sink does not have what stands before these messages, in the order of the log. */
export async function isBehind(sink: Sink, messages: readonly Position[]): Promise<boolean> {
  if (!sink.nextPositions) return false;
  const first = new Map<string, Position>();
  for (const message of messages) {
    const name = partitionName(message);
    if (!first.has(name)) first.set(name, message);
  }
  const next = new Map(
    (await sink.nextPositions([...first.values()])).map((at) => [partitionName(at), at.position]),
  );
  return [...first].some(([name, { position }]) => (next.get(name) ?? 0) < position);
}
