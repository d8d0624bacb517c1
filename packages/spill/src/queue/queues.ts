import { type OutgoingMessage, readEnvelope, type TopicPartition } from '@spillway/broker';
import type { Positions } from '@spillway/journal';
import type { Identity, Origin } from './index-chunk.ts';
import { Queue } from './queue.ts';

/** A queue per partition, and who accepted what waits in them. */
export class Queues {
  readonly #queues = new Map<string, Queue>();
  readonly #origins = new Map<string, Origin>();
  readonly #positions: Positions;

  constructor(positions: Positions) {
    this.#positions = positions;
  }

  all(): IterableIterator<Queue> {
    return this.#queues.values();
  }

  /** Bytes of memory for what is known of all that waits. */
  get indexBytes(): number {
    let bytes = 0;
    for (const queue of this.#queues.values()) bytes += queue.indexBytes;
    return bytes;
  }

  get(partition: TopicPartition): Queue | undefined {
    return this.#queues.get(nameOf(partition));
  }

  /** Made if there is none, from the saved position. */
  of({ topic, partition }: TopicPartition): Queue {
    const name = nameOf({ topic, partition });
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new Queue({ topic, partition }, this.#positions.get(name) ?? 0);
      this.#queues.set(name, queue);
    }
    return queue;
  }

  /** Throws a TypeError for a message that is not stamped: it could not be accounted for. */
  identify(message: OutgoingMessage): Identity {
    const envelope = readEnvelope({ ...message, position: 0, timestampMs: undefined });
    if (envelope.foreign) {
      const { topic, partition } = message;
      throw new TypeError(`A message of ${topic}/${partition} has no gateway, epoch and sequence`);
    }
    const { gateway, epoch, sequence } = envelope.id;
    const origin = this.#originOf(gateway, epoch);
    return { origin, messageSequence: sequence, receivedMs: envelope.receivedMs };
  }

  /** The smallest sequence in the journal that is still needed; infinite when none is. */
  oldestSequence(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const queue of this.#queues.values()) oldest = Math.min(oldest, queue.oldestSequence);
    return oldest;
  }

  /** One object per gateway and epoch, so that they compare by identity. */
  #originOf(gateway: string, epoch: number): Origin {
    const name = `${gateway}/${epoch}`;
    let origin = this.#origins.get(name);
    if (origin === undefined) {
      origin = { gateway, epoch };
      this.#origins.set(name, origin);
    }
    return origin;
  }
}

/** Names the queue of a partition, and its saved position. */
export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
