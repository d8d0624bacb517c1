import type { TopicPartition } from '@spillway/broker';
import type { Leader } from '../leaders.ts';
import type { Link } from '../link.ts';
import type { Batch } from './batch.ts';
import { PartitionProducer, type PartitionProducerOptions } from './partition-producer.ts';

/** A topic may be this new to the broker that was asked. */
const missingMs = 1_000;

/** The producer of a partition, and the way that its batches take. */
export class Route {
  readonly place: TopicPartition;
  readonly producer: PartitionProducer<Batch>;
  /** What is on its way is on this one. */
  link: Link | undefined;
  /** An older answer about its leader is in doubt. */
  doubtedMs = Number.NEGATIVE_INFINITY;
  #missingMs: number | undefined;

  constructor(place: TopicPartition, options: PartitionProducerOptions) {
    this.place = { topic: place.topic, partition: place.partition };
    this.producer = new PartitionProducer(options);
  }

  /** Refuses what no leader will ever take; true when it did. */
  refuses(leader: Leader, nowMs: number): boolean {
    const { topic, partition } = this.place;
    if (leader.kind === 'forbidden') {
      const message = `${topic}: ${leader.reason}`;
      this.producer.giveUp({ code: 'unavailable', retryable: false, message });
      return true;
    }
    if (leader.kind !== 'missing') {
      if (leader.kind !== 'unasked') this.#missingMs = undefined;
      return false;
    }
    this.doubtedMs = nowMs;
    this.#missingMs ??= nowMs;
    if (nowMs - this.#missingMs < missingMs) return false;
    this.#missingMs = undefined;
    const message = `No topic ${topic} with a partition ${partition}`;
    this.producer.giveUp({ code: 'unknown-topic', retryable: false, message });
    return true;
  }
}
