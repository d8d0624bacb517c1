import {
  type MessageId,
  type PartitionLag,
  partitionName,
  resubmitGateway,
} from '@spillway/broker';
import { type AppliedMessage, type KeptNotedMessage, sourceOf } from '@spillway/ledger';

/** Between a gateway's clock, which names the minute, and the write store's. */
const clockSkewMinutes = 1;

/**
 * Knows how far a group has passed its queues. Where a broker cannot be read without taking (a
 * queue of RabbitMQ), a message that is noted and not applied may wait or be lost, until the group
 * has passed it: until its queue was empty, or the group has applied one that was certainly behind
 * it. That is a later one of the same gateway, or one that any gateway accepted after the note of
 * the first had been read.
 */
export class Passed {
  readonly #sequences = new Map<string, number>();
  readonly #minutes = new Map<string, number>();

  see(applied: readonly AppliedMessage[]): void {
    for (const { id, minute, foreign } of applied) {
      if (foreign || id.gateway === resubmitGateway) continue;
      raise(this.#sequences, sourceOf(id), id.sequence);
      raise(this.#minutes, partitionName(id), minute);
    }
  }

  has(message: KeptNotedMessage, lag: PartitionLag | undefined): boolean {
    if (lag?.messages === 0) return true;
    if ((this.#sequences.get(sourceOf(message)) ?? 0) > message.sequence) return true;
    const minute = this.#minutes.get(partitionName(message)) ?? 0;
    return minute > message.notedMinute + clockSkewMinutes;
  }
}

function raise(highest: Map<string, number>, name: string, value: number): void {
  if (value > (highest.get(name) ?? 0)) highest.set(name, value);
}

export function idOf({ gateway, epoch, topic, partition, sequence }: MessageId): MessageId {
  return { gateway, epoch, topic, partition, sequence };
}
