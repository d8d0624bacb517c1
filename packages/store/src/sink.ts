/**
 * What the consumer hands to a store, and what the store answers. All three stores (write, search,
 * live) are sinks.
 */

import type { Envelope, Position, SafetyFinding, TopicPartition } from '@spillway/broker';
import type { BrokenRecord, Signal, TelemetryRecord } from '@spillway/otlp';
import type { MessageCounts, MessagePart } from './message-parts.ts';
import type { Rebuild } from './rebuild.ts';

/** One message of the broker, decoded, or a part of one. */
export interface DecodedMessage {
  envelope: Envelope;
  signal: Signal;
  /** Place in the log; rows and documents carry it. */
  position: number;
  records: TelemetryRecord[];
  /** Already found to be dead letters; the sink only counts them. */
  broken: BrokenRecord[];
  /**
   * For a message that a rebuild brings: what the write store counted when it took all of its
   * records. `records` are only those that it still has.
   */
  earlier?: MessageCounts;
  /** `records` and `broken` are those of this part; undefined when they are all of the message. */
  part?: MessagePart | undefined;
}

/**
 * What became of a record that a sink was given. It is `stored` also where a redelivery of the same
 * message brings it again.
 */
export type RecordOutcome =
  | { status: 'stored' }
  | { status: 'duplicate' }
  | { status: 'retry'; afterMs: number; reason: string }
  | { status: 'deadLetter'; code: string; reason: string };

/** The outcome of one message; `records[i]` is the outcome of `message.records[i]`. */
export interface MessageOutcome {
  records: RecordOutcome[];
}

/** What a store can do, or wants, beyond the least: `{}` is nothing of it. */
export interface StoreCapabilities {
  /**
   * A message is skipped once a later one of its partition was applied: nothing may be handed over
   * behind a message that the sink did not take.
   */
  readonly skipsPassed?: boolean | undefined;
  /**
   * Reads the first position that was not applied, per partition. A store has it that keeps its own
   * position beside the effects, because it may fall behind the group's committed one (embedded
   * stores are not fsynced). The others rely on the group's committed position.
   */
  readonly nextPositions?:
    | ((partitions: readonly TopicPartition[]) => Promise<Position[]>)
    | undefined;
  /** What is unsafe about the started store. Nothing can be where it is absent. */
  readonly inspect?: (() => Promise<SafetyFinding[]>) | undefined;
  /**
   * Begins to rebuild a read store that several processes share. Resolves when every process that
   * applies to the store also applies to the new one. Throws when a rebuild is under way; one whose
   * process died is taken for abandoned after a bounded time.
   */
  readonly beginRebuild?: ((abort?: AbortSignal) => Promise<Rebuild>) | undefined;
}

/**
 * What a consumer group fills with decoded messages: the write, search and live stores. It may be
 * given a message again after a crash, and must not count it twice.
 */
export interface Sink {
  readonly name: string;
  readonly capabilities: StoreCapabilities;
  start(): Promise<void>;
  /** Idempotent, safe before start; flushes. */
  stop(): Promise<void>;
  health(): { ok: boolean; detail: string };
  /**
   * Applies the messages in order. When it resolves, everything that is not `retry` is as durable
   * as the store makes it. Throws only when nothing of the batch was applied: with an error that
   * `blamesStore` when the store as a whole cannot work now (the consumer waits and tries the batch
   * again), with a `SinkBehindError`, with a `PartMissingError`, or with an error that was not
   * foreseen (the consumer looks for the message at fault by halving the batch).
   */
  apply(messages: readonly DecodedMessage[]): Promise<MessageOutcome[]>;
}

/**
 * Whether an error that a sink threw says that the store as a whole cannot work now, whatever it is
 * handed: down, slow, full, restarting, not letting us in. It is waited out for as long as it lasts.
 * Errors say so by a property `blamesStore`.
 */
export function blamesStore(error: unknown): boolean {
  return error instanceof Error && (error as { blamesStore?: boolean }).blamesStore === true;
}

/**
 * The store has less than it had: it began again, or went back to an older state. Nothing of the
 * partitions was applied; the consumer goes back to what `nextPositions` says.
 */
export class SinkBehindError extends Error {
  override readonly name = 'SinkBehindError';
  readonly code = 'sink-behind';
  /** Their names, as `partitionName` gives them. */
  readonly partitions: readonly string[];

  constructor(partitions: readonly string[]) {
    super(`the store lost what it had of ${partitions.join(', ')}`);
    this.partitions = partitions;
  }
}

/** The outcome of a record that was stored. */
export const stored: RecordOutcome = Object.freeze({ status: 'stored' });

/** The outcome of a record that was stored before. */
export const duplicate: RecordOutcome = Object.freeze({ status: 'duplicate' });
