import type { OutgoingMessage, PublishOutcome } from '@spillway/broker';
import type { Signal } from '@spillway/otlp';
import type { Refusal } from '../model/refusal.ts';
import type { FittedSlice } from '../slice/oversize.ts';

/**
 * The answer to a request of which all records are durable, but for those that no retry can save.
 */
export interface PublishResult {
  rejectedRecords: number;
  /** Why records were rejected; '' when none were. */
  message: string;
  /** The weakest of what made its messages durable. */
  ack: Ack;
}

type Ack = 'broker' | 'spill';

export interface SlicedRequest {
  signal: Signal;
  tenant: string;
  /** When its body had arrived, in milliseconds since 1970. */
  receivedMs: number;
  traceparent: string | undefined;
  slices: readonly FittedSlice[];
  /** Whether it is answered already: then what still waits is not published. */
  isCancelled: () => boolean;
}

/**
 * A request from its slices to its answer: it is answered when each of its messages has an outcome.
 */
export class PendingRequest implements SlicedRequest {
  readonly signal: Signal;
  readonly tenant: string;
  readonly receivedMs: number;
  readonly traceparent: string | undefined;
  readonly slices: readonly FittedSlice[];
  readonly isCancelled: () => boolean;
  /** Bytes of all slices. */
  readonly bytes: number;
  readonly records: number;
  /** One for each slice, in their order; empty until it is published. */
  messages: PendingMessage[] = [];
  /** When it was published, in monotonic milliseconds. */
  publishedMs = 0;
  /** How many of its messages have no outcome yet. */
  openMessages = 0;
  readonly result: Promise<PublishResult | Refusal>;
  settle!: (result: PublishResult | Refusal) => void;

  constructor(request: SlicedRequest) {
    this.signal = request.signal;
    this.tenant = request.tenant;
    this.receivedMs = request.receivedMs;
    this.traceparent = request.traceparent;
    this.slices = request.slices;
    this.isCancelled = request.isCancelled;
    let [bytes, records] = [0, 0];
    for (const slice of request.slices) {
      bytes += slice.bytes;
      records += slice.records;
    }
    this.bytes = bytes;
    this.records = records;
    this.result = new Promise((settle) => {
      this.settle = settle;
    });
  }
}

/** One message on its way to the broker; broker and spill see no more of it than their own part. */
export interface PendingMessage extends OutgoingMessage {
  /** From 1, in its partition. */
  sequence: number;
  request: PendingRequest;
  /** Undefined while it is open; while it is tried again, of the last try. */
  outcome: MessageOutcome | undefined;
}

export type MessageOutcome =
  | PublishOutcome
  /** Durable in the spill. */
  | { status: 'spilled' }
  /** Neither the broker nor the spill took it. */
  | {
      status: 'unspilled';
      code: 'spill-full' | 'spill-failed';
      message: string;
      retryAfterMs: number;
    };

export function bytesOf(value: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const chunk of value) bytes += chunk.length;
  return bytes;
}

/**
 * Whether another try, or the spill, may help: the message is certainly or possibly not on the
 * broker.
 */
export function isTransient(outcome: PublishOutcome): boolean {
  return outcome.status === 'unknown' || (outcome.status === 'refused' && outcome.retryable);
}

/**
 * Whether a message can never be published. Whatever else is refused for good, an operator can
 * mend.
 */
export function isTooLarge(outcome: PublishOutcome): boolean {
  return outcome.status === 'refused' && outcome.code === 'too-large';
}
