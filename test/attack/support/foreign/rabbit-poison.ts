import {
  nestedLists,
  nestedTables,
  type RawMessage,
  RawPublisher,
} from '../../../../packages/broker-rabbitmq/test/raw-publisher.ts';
import type { ForeignMessage } from './foreign-messages.ts';

/** Properties have to fit into a frame. */
const headerBytesMax = 100_000;

/** Another program that publishes to the exchanges of RabbitMQ. */
export class RabbitPoison {
  readonly #publisher: RawPublisher;

  private constructor(publisher: RawPublisher) {
    this.#publisher = publisher;
  }

  static async open({ env }: { env: Readonly<Record<string, string>> }): Promise<RabbitPoison> {
    return new RabbitPoison(await RawPublisher.open(env.SPILLWAY_BROKER_RABBITMQ_URLS ?? ''));
  }

  /** Those that can be published at all. */
  async write(topic: string, messages: readonly ForeignMessage[], partition = 0): Promise<void> {
    const place = { exchange: topic, routingKey: String(partition) };
    const all = messages.map((message): RawMessage => {
      return { ...place, content: message.value, headers: tableOf(message) };
    });
    await this.#publisher.publish(all.filter(isPublished));
  }

  /** Headers thousands deep, which a reader by recursion does not survive. */
  async writeDeepHeaders(topic: string, content: Buffer, partition = 0): Promise<void> {
    const place = { exchange: topic, routingKey: String(partition), content };
    await this.#publisher.publish([
      { ...place, headers: nestedTables(15_000) },
      { ...place, headers: nestedLists(20_000) },
    ]);
  }

  async close(): Promise<void> {
    await this.#publisher.close();
  }
}

function isPublished({ headers }: RawMessage): boolean {
  return (headers?.length ?? 0) < headerBytesMax;
}

/** A field table of texts; the key goes with them. */
function tableOf({ headers = [], key }: ForeignMessage): Buffer {
  const all = key ? [...headers, ['spillway-key', key] as const] : headers;
  const fields = all.map(([name, text]) => {
    const value = Buffer.from(text);
    const head = Buffer.concat([
      Buffer.from([name.length]),
      Buffer.from(`${name}S`),
      uint32(value.length),
    ]);
    return Buffer.concat([head, value]);
  });
  const table = Buffer.concat(fields);
  return Buffer.concat([uint32(table.length), table]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
