import { bomb, codecs, twoFrames } from '../../../../packages/broker-kafka/test/bombs.ts';
import { batchOf, bodyOf } from '../../../../packages/broker-kafka/test/hand-made-batch.ts';
import { RawWriter } from '../../../../packages/broker-kafka/test/raw-writer.ts';
import type { ForeignMessage } from './foreign-messages.ts';

const MiB = 1024 * 1024;

/** Another program that writes into the topics of Kafka. */
export class KafkaPoison {
  readonly #writer: RawWriter;
  #bombs: Buffer[] | undefined;

  private constructor(writer: RawWriter) {
    this.#writer = writer;
  }

  static async open({ env }: { env: Readonly<Record<string, string>> }): Promise<KafkaPoison> {
    const bootstrap = env.SPILLWAY_BROKER_KAFKA_BOOTSTRAP ?? '';
    return new KafkaPoison(await RawWriter.open(bootstrap));
  }

  /** A batch of each. */
  async write(topic: string, messages: readonly ForeignMessage[], partition = 0): Promise<void> {
    for (const message of messages) {
      await this.#writer.write(
        topic,
        partition,
        batchOf(bodyOf([recordOf(message)]), { count: 1 }),
      );
    }
  }

  /** All in one batch. */
  async writeTogether(topic: string, messages: readonly ForeignMessage[], partition = 0) {
    const body = bodyOf(messages.map(recordOf));
    await this.#writer.write(topic, partition, batchOf(body, { count: messages.length }));
  }

  /** One of each compression, whose only record is a gigabyte; each a dead letter. */
  async writeBombs(topic: string, partition = 0): Promise<void> {
    this.#bombs ??= Object.values(codecs).map((codec) => {
      // Snappy makes little of it, and a topic takes 8 MiB.
      const zeros = (codec === codecs.snappy ? 128 : 1_024) * MiB;
      return batchOf(bomb(codec, zeros), { count: 1, compression: codec });
    });
    for (const batch of this.#bombs) await this.#writer.write(topic, partition, batch);
  }

  /** The last message in a frame of its own. */
  async writeTwoFrames(topic: string, messages: readonly ForeignMessage[], partition = 0) {
    const body = twoFrames(messages.map(recordOf));
    const options = { count: messages.length, compression: codecs.zstd };
    await this.#writer.write(topic, partition, batchOf(body, options));
  }

  /** A message with so many headers. */
  async writeHeaders(topic: string, count: number, value: Buffer, partition = 0): Promise<void> {
    const headers = Array.from({ length: count }, (_, i) => [`h${i}`, '1'] as const);
    await this.write(topic, [{ value, headers }], partition);
  }

  close(): void {
    this.#writer.close();
  }
}

function recordOf({ value, key, headers = [] }: ForeignMessage) {
  return {
    value,
    ...(key && { key }),
    headers: headers.map(([name, text]) => [name, Buffer.from(text)] as const),
  };
}
