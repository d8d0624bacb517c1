import { messageName, readEnvelope } from '@spillway/broker';
import { createKafkaBroker } from '@spillway/broker-kafka';
import { kafkaSection } from '@spillway/broker-kafka/config';

/**
 * Messages that a topic of Kafka holds more than once. Stores drop the second one; yet bytes that
 * come late, after their partition was fenced, must not even get there.
 */
export async function messagesTwice(bootstrap: string[], sinceMs: number): Promise<string[]> {
  const section = kafkaSection.parse({ bootstrap });
  const broker = createKafkaBroker({ ...section, clientId: 'chaos' });
  await broker.start();
  const copies = new Map<string, number>();
  try {
    for (const { topic, partition } of await broker.lag('writer')) {
      if (!topic.startsWith('otlp_')) continue;
      const position = await broker.positionAt({ topic, partition }, sinceMs);
      for await (const message of broker.read({ topic, partition, position })) {
        const name = messageName(readEnvelope(message).id);
        copies.set(name, (copies.get(name) ?? 0) + 1);
      }
    }
  } finally {
    await broker.stop();
  }
  return [...copies].filter(([, times]) => times > 1).map(([name]) => name);
}
