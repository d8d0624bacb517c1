import { messageName, partitionName, readEnvelope } from '@spillway/broker';
import { createKafkaBroker } from '@spillway/broker-kafka';
import { kafkaSection } from '@spillway/broker-kafka/config';

type Kafka = ReturnType<typeof createKafkaBroker>;

/** Where the topics of Kafka end now, by partition. */
export function topicEnds(bootstrap: readonly string[]): Promise<ReadonlyMap<string, number>> {
  return ask(bootstrap, async (broker) => {
    const all = await broker.lag('writer');
    return new Map(all.map((place) => [partitionName(place), place.end ?? 0]));
  });
}

/**
 * Messages that a topic holds more than once behind these ends. Stores drop the second one; yet
 * bytes that come late, after their partition was fenced, must not even get there. What was there
 * before does not count: bytes may come late before the fence.
 */
export function messagesTwice(
  bootstrap: readonly string[],
  ends: ReadonlyMap<string, number>,
): Promise<string[]> {
  return ask(bootstrap, async (broker) => {
    const copies = new Map<string, number>();
    for (const { topic, partition } of await broker.lag('writer')) {
      if (!topic.startsWith('otlp_')) continue;
      const position = ends.get(partitionName({ topic, partition })) ?? 0;
      for await (const message of broker.read({ topic, partition, position })) {
        const name = messageName(readEnvelope(message).id);
        copies.set(name, (copies.get(name) ?? 0) + 1);
      }
    }
    return [...copies].filter(([, times]) => times > 1).map(([name]) => name);
  });
}

async function ask<T>(
  bootstrap: readonly string[],
  question: (broker: Kafka) => Promise<T>,
): Promise<T> {
  const section = kafkaSection.parse({ bootstrap: [...bootstrap] });
  const broker = createKafkaBroker({ ...section, clientId: 'chaos' });
  await broker.start();
  try {
    return await question(broker);
  } finally {
    await broker.stop();
  }
}
