import {
  type DeliveredMessage,
  type Envelope,
  messageName,
  readEnvelope,
  signalOf,
} from '@spillway/broker';
import type { BrokenRecord } from '@spillway/otlp';
import { RequestReader, type Signal, type SliceLimits } from '@spillway/otlp';
import { messageOf } from '@spillway/resilience';
import type { DecodedMessage, MessageOutcome } from '@spillway/store';
import { Refusals } from '../dead-letters/refusals.ts';
import { LargeMessage } from './large-message.ts';

/** A polled message, and what of it is decoded. */
export class InFlightMessage implements DeliveredMessage {
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers: DeliveredMessage['headers'];
  readonly timestampMs: number;
  readonly fault: string | undefined;
  readonly envelope: Envelope;
  readonly signal: Signal | undefined;
  /** False: this group has nothing to do with it. */
  readonly isRelevant: boolean;
  #decoded: DecodedMessage | undefined;
  #large: LargeMessage | undefined;
  /** While there is more to read: it holds buffers as large as the largest record. */
  #reader: RequestReader | undefined;
  #ordinals: number[] | undefined;
  #bytes = 0;

  constructor(message: DeliveredMessage, group: string) {
    this.topic = message.topic;
    this.partition = message.partition;
    this.position = message.position;
    this.key = message.key;
    this.value = message.value;
    this.headers = message.headers;
    this.timestampMs = message.timestampMs;
    this.fault = message.fault;
    this.envelope = readEnvelope(message);
    this.signal = signalOf(message.topic);
    const { onlyGroup } = this.envelope;
    const isForOthers = onlyGroup !== undefined && onlyGroup !== group;
    this.isRelevant = this.signal !== undefined && !isForOthers;
  }

  /** The whole message, once `decode` found that it fits. */
  get decoded(): DecodedMessage | undefined {
    return this.#decoded;
  }

  /** Instead of `decoded`, of a message that does not fit. */
  get large(): LargeMessage | undefined {
    return this.#large;
  }

  get isDecoded(): boolean {
    return this.#decoded !== undefined || this.#large !== undefined;
  }

  /** That what is decoded of it takes in memory, estimated. */
  get bytes(): number {
    return this.#large?.bytes ?? this.#bytes;
  }

  /** Ordinals by record index; undefined when all are 0. */
  get ordinals(): number[] | undefined {
    return this.#reader?.ordinals ?? this.#ordinals;
  }

  /**
   * A message whose framing does not hold (only another tool can have written it) is one broken
   * record: it becomes a dead letter whole. So does one that our decoder fails at in any other way, and
   * one that the broker could not give.
   */
  decode(limits: SliceLimits): void {
    const { signal, envelope, position } = this;
    if (this.isDecoded || !this.isRelevant || !signal) return;
    const common = { envelope, signal, position };
    try {
      if (this.fault !== undefined) throw new Error(this.fault);
      const { tenant, ordinals } = envelope;
      const reader = new RequestReader(signal, this.value, { tenant, ordinals });
      const slice = reader.next(limits);
      const { records, broken } = slice;
      this.#bytes = slice.bytes;
      if (reader.isDone) {
        this.#ordinals = reader.ordinals;
        this.#decoded = { ...common, records, broken };
      } else {
        this.#reader = reader;
        this.#large = new LargeMessage(reader, { slice, limits, common });
      }
    } catch (error) {
      this.refuse('malformed-message', messageOf(error));
    }
  }

  /** It is a dead letter whole: as many records as its gateway counted, or one. */
  refuse(code: BrokenRecord['code'], reason: string): void {
    const { signal, envelope, position } = this;
    if (!signal) return;
    const broken = Array.from({ length: envelope.records ?? 1 }, (_, index) => {
      return { index, key: '', code, reason };
    });
    this.#large = undefined;
    this.#decoded = { envelope, signal, position, records: [], broken };
  }

  /** What is decoded is let go, and decoded again when it is its turn. */
  release(): void {
    this.#decoded = undefined;
    this.#large = undefined;
    this.#reader = undefined;
    this.#ordinals = undefined;
    this.#bytes = 0;
  }

  refusals(outcome: MessageOutcome): Refusals {
    if (this.#large) return this.#large.refusals;
    const refusals = new Refusals();
    if (this.#decoded) refusals.add(this.#decoded, outcome);
    return refusals;
  }
}

/** Names a message, equally for every delivery of it. */
export function messageNameOf({ envelope }: InFlightMessage): string {
  return messageName(envelope.id);
}
