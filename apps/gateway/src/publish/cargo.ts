import type { OutgoingMessage, PublishOutcome } from '@spillway/broker';
import type { Delivery, Parcel } from '../delivery.ts';
import type { Refusal } from '../refusal.ts';

/** One message on its way; the broker and the spill see no more of it than their own part. */
export interface Cargo extends OutgoingMessage {
  /** From 1, in its partition. */
  sequence: number;
  shipment: Shipment;
  outcome: CargoOutcome | undefined;
}

export type CargoOutcome =
  | PublishOutcome
  /** Durable in the spill. */
  | { status: 'spilled' }
  /** The broker did not take it, and neither did the spill. */
  | {
      status: 'unspilled';
      code: 'spill-full' | 'spill-failed';
      message: string;
      retryAfterMs: number;
    };

/** One request's messages, answered when each of them has its outcome. */
export interface Shipment {
  parcel: Parcel;
  bytes: number;
  settle: (result: Delivery | Refusal) => void;
  /** Empty until it leaves. */
  cargo: Cargo[];
  /** When it left; monotonic milliseconds. */
  sentMs: number;
  /** Messages without an outcome. */
  left: number;
}

export function bytesOf(value: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const chunk of value) bytes += chunk.length;
  return bytes;
}

/** It may help to try again, or to keep it until then: certainly or possibly not on the broker. */
export function isTransient(outcome: PublishOutcome): boolean {
  return outcome.status === 'unknown' || (outcome.status === 'refused' && outcome.retryable);
}

/** What else is refused for good, an operator can mend: a topic that is gone, a missing right. */
export function isTooLarge(outcome: PublishOutcome): boolean {
  return outcome.status === 'refused' && outcome.code === 'too-large';
}
