import type { DeliveredMessage } from '@spillway/broker';

/** The partitions of a made-up broker, each a list of messages. */
export class MadeUpLog {
  readonly #atMs: number;
  readonly #partitions = new Map<string, DeliveredMessage[]>();

  /** `atMs`: the time that the broker gives every message, ms since the epoch. */
  constructor(atMs: number) {
    this.#atMs = atMs;
  }

  messagesOf(topic: string, partition: number): DeliveredMessage[] {
    const messages = this.#partitions.get(`${topic}/${partition}`) ?? [];
    this.#partitions.set(`${topic}/${partition}`, messages);
    return messages;
  }

  /** Returns the position of the new message. */
  append(
    topic: string,
    partition: number,
    headers: Record<string, string>,
    value: Uint8Array = new Uint8Array(),
  ): number {
    const messages = this.messagesOf(topic, partition);
    const position = messages.length;
    const at = { topic, partition, position, timestampMs: this.#atMs };
    messages.push({ ...at, key: '', value, headers: { ...headers } });
    return position;
  }
}
