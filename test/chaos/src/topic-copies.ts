import { messageName, partitionName, readEnvelope } from '@spillway/broker';
import { createKafkaBroker } from '@spillway/broker-kafka';
import { kafkaSection } from '@spillway/broker-kafka/config';

type Kafka = ReturnType<typeof createKafkaBroker>;

/**
 * Finds messages that a topic of Kafka holds more than once. Stores drop the second one; yet bytes
 * that come late, after their partition was fenced, must not even get there. What was there before
 * does not count: bytes may come late before the fence.
 */
export class TopicCopies {
  readonly #bootstrap: readonly string[];
  #ends: ReadonlyMap<string, number> = new Map();

  private constructor(bootstrap: readonly string[]) {
    this.#bootstrap = bootstrap;
  }

  static async fromNowOn(bootstrap: readonly string[]): Promise<TopicCopies> {
    const copies = new TopicCopies(bootstrap);
    copies.#ends = await copies.#ask(async (broker) => {
      const all = await broker.lag('writer');
      return new Map(all.map((place) => [partitionName(place), place.end ?? 0]));
    });
    return copies;
  }

  /** The names of the messages that came twice since. */
  twice(): Promise<string[]> {
    return this.#ask(async (broker) => {
      const copies = new Map<string, number>();
      for (const { topic, partition } of await broker.lag('writer')) {
        if (!topic.startsWith('otlp_')) continue;
        const position = this.#ends.get(partitionName({ topic, partition })) ?? 0;
        for await (const message of broker.read({ topic, partition, position })) {
          const name = messageName(readEnvelope(message).id);
          copies.set(name, (copies.get(name) ?? 0) + 1);
        }
      }
      return [...copies].filter(([, times]) => times > 1).map(([name]) => name);
    });
  }

  async #ask<T>(question: (broker: Kafka) => Promise<T>): Promise<T> {
    const section = kafkaSection.parse({ bootstrap: [...this.#bootstrap] });
    const broker = createKafkaBroker({ ...section, clientId: 'chaos' });
    await broker.start();
    try {
      return await question(broker);
    } finally {
      await broker.stop();
    }
  }
}
