import type { Broker, TopicSpec } from '@spillway/broker';
import type { Spill } from '@spillway/spill';

/** Name of the value beside the spill that holds the known topics. */
export const topicsName = 'topics';

/**
 * The broker's topics with their partitions; while it is away, those of the last start that met it,
 * from beside the spill. Rejects as the broker does where nothing is kept.
 */
export async function knownTopics({
  broker,
  spill,
}: {
  broker: Broker;
  spill?: Spill | undefined;
}): Promise<readonly TopicSpec[]> {
  let topics: TopicSpec[];
  try {
    topics = await broker.topics();
  } catch (error) {
    const kept = await spill?.readValue(topicsName);
    if (!kept) throw error;
    return JSON.parse(Buffer.from(kept).toString()) as TopicSpec[];
  }
  // A full disk does not keep the gateway from serving: without it, the next start needs the
  // broker.
  await spill?.writeValue(topicsName, Buffer.from(JSON.stringify(topics))).catch(() => {});
  return topics;
}
