import { stampHeaders, topicOf } from '@spillway/broker';
import { deadLetterOf, type FittedSlice, type OversizeRecord } from '../slice/oversize.ts';
import type { PendingMessage, PendingRequest } from './pending-request.ts';

export interface MessageStamperOptions {
  gateway: string;
  epoch: number;
}

/** Makes the messages of requests, each with the identity by which its redelivery is known. */
export class MessageStamper {
  readonly #options: MessageStamperOptions;
  readonly #sequences = new Map<string, number>();
  #deadLetters = 0;

  constructor(options: MessageStamperOptions) {
    this.#options = options;
  }

  /**
   * Fills `messages` and `openMessages`. Call it in the order of publishing: each message takes the
   * next sequence of its partition.
   */
  stamp(request: PendingRequest): void {
    request.messages = request.slices.map((slice) =>
      slice.refused ? this.#deadLetter(request, slice) : this.#message(request, slice),
    );
    request.openMessages = request.slices.length;
  }

  #message(request: PendingRequest, slice: FittedSlice): PendingMessage {
    const { signal, tenant, receivedMs, traceparent } = request;
    const { partition, records, chunks, ordinals } = slice;
    const { gateway, epoch } = this.#options;
    const topic = topicOf[signal];
    const sequence = this.#nextSequence(`${topic}/${partition}`);
    const stamp = { gateway, epoch, tenant, receivedMs, traceparent, sequence, records, ordinals };
    const key = `${tenant}/${partition}`;
    const headers = stampHeaders(stamp);
    return { topic, partition, key, value: chunks, headers, sequence, request, outcome: undefined };
  }

  #deadLetter(request: PendingRequest, { partition, refused }: FittedSlice): PendingMessage {
    const { gateway, epoch } = this.#options;
    const { signal, tenant, receivedMs } = request;
    this.#deadLetters += 1;
    const sequence = this.#deadLetters;
    const { topic, headers } = deadLetterOf(refused as OversizeRecord, {
      signal,
      tenant,
      partition,
      receivedMs,
      seq: `${gateway}/${epoch}/${sequence}`,
    });
    const key = `${tenant}/${partition}`;
    return { topic, partition, key, value: [], headers, sequence, request, outcome: undefined };
  }

  #nextSequence(partition: string): number {
    const sequence = (this.#sequences.get(partition) ?? 0) + 1;
    this.#sequences.set(partition, sequence);
    return sequence;
  }
}
