/**
 * What members of a group exchange through the broker: ConsumerProtocolSubscription (Version 2) and
 * ConsumerProtocolAssignment (Version 0) of Kafka, so that its own tools can show a group.
 */
import type { TopicPartition } from '@spillway/broker';

/** Members that assign in another way are refused by the broker, not mixed. */
export const protocolName = 'spillway-cooperative-sticky';

export interface MemberClaim {
  topics: string[];
  /** What it holds, as of `generation`. */
  owned: TopicPartition[];
  generation: number;
}

export function encodeClaim({ topics, owned, generation }: MemberClaim): Buffer {
  const out = [int16(2), int32(topics.length), ...topics.map(text), int32(-1), partitions(owned)];
  return Buffer.concat([...out, int32(generation)]);
}

/** A claim of version 0 (another tool) holds nothing. */
export function decodeClaim(bytes: Buffer): MemberClaim {
  const reader = new Reader(bytes);
  const version = reader.int16();
  const topics = reader.list(() => reader.text());
  reader.bytes();
  const owned = version >= 1 ? reader.partitions() : [];
  const generation = version >= 2 ? reader.int32() : -1;
  return { topics, owned, generation };
}

export function encodeAssignment(assigned: readonly TopicPartition[]): Buffer {
  return Buffer.concat([int16(0), partitions(assigned), int32(-1)]);
}

/** No bytes at all are no partitions. */
export function decodeAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return [];
  const reader = new Reader(bytes);
  reader.int16();
  return reader.partitions();
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  bytes(length = this.int32()): Buffer {
    this.#at += Math.max(0, length);
    return this.#bytes.subarray(this.#at - Math.max(0, length), this.#at);
  }

  text(): string {
    return this.bytes(this.int16()).toString();
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: Math.max(0, this.int32()) }, read);
  }

  partitions(): TopicPartition[] {
    const byTopic = this.list(() => ({ topic: this.text(), own: this.list(() => this.int32()) }));
    return byTopic.flatMap(({ topic, own }) => own.map((partition) => ({ topic, partition })));
  }
}

function partitions(all: readonly TopicPartition[]): Buffer {
  const byTopic = Map.groupBy(all, ({ topic }) => topic);
  const topics = [...byTopic].flatMap(([topic, own]) => [
    text(topic),
    int32(own.length),
    ...own.map(({ partition }) => int32(partition)),
  ]);
  return Buffer.concat([int32(byTopic.size), ...topics]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([int16(bytes.length), bytes]);
}
