/**
 * The broker port. What an adapter must keep:
 * - Durable: an outcome `durable` means the message survives kill -9 and, with fsync or
 *   replication as configured, a power cut of one machine.
 * - Ordered: messages of one partition are read in the order in which their publishes were called.
 * - At least once: after a crash, a message that was polled and not committed is polled again.
 * - Expected failures of publish are values, never exceptions.
 */

import type { SafetyFinding } from './safety.ts';

/** Headers of a message, by name. */
export type Headers = Readonly<Record<string, string>>;

/** A message to publish. */
export interface OutgoingMessage {
  topic: string;
  partition: number;
  key: string;
  /** Concatenated, they are the value. The adapter must not change or keep them after the outcome. */
  value: readonly Uint8Array[];
  headers: Headers;
}

/** What became of a published message. */
export type PublishOutcome =
  /** `position` is undefined where the broker does not know (RabbitMQ). */
  | { status: 'durable'; position: number | undefined }
  /** Certainly not on the broker. `retryable` false: the same bytes will never be taken. */
  | { status: 'refused'; code: RefusalCode; retryable: boolean; message: string }
  /** It may or may not be on the broker (time-out, broken connection). */
  | { status: 'unknown'; message: string };

/** Why a broker refused a message. */
export type RefusalCode =
  | 'disk-full'
  | 'log-full'
  | 'too-large'
  | 'unknown-topic'
  | 'not-running'
  | 'unavailable';

/** One partition of a topic. */
export interface TopicPartition {
  topic: string;
  partition: number;
}

/** A place in a partition. */
export interface Position extends TopicPartition {
  /** Position of a message in its partition: grows by at least 1 from one message to the next. */
  position: number;
}

/** A message that a broker delivers. */
export interface DeliveredMessage extends Position {
  key: string;
  value: Uint8Array;
  headers: Headers;
  /** When the broker took it, ms since the epoch. */
  timestampMs: number;
  /**
   * Where positions do not last: names the content of a message that another tool wrote (a safe
   * integer), so that its redelivery is known.
   */
  contentId?: number | undefined;
  /** Why its value and headers are not here, though it has some: it cannot be read, or is too large. */
  fault?: string | undefined;
}

/** Options of joining a group. */
export interface SubscribeOptions {
  group: string;
  topics: readonly string[];
  /**
   * Called before partitions move to another member; the move waits for the promise (bounded by
   * the adapter). Finish and commit what is in hand for them.
   */
  onRevoke?: (partitions: readonly TopicPartition[]) => Promise<void>;
}

/** Options of one poll. */
export interface PollOptions {
  /** At most about this many bytes of values (one message may exceed it alone). */
  bytesMax: number;
  /** Wait at most this long for the first message; resolves with [] after it, or when aborted. */
  waitMs: number;
  abort: AbortSignal;
}

/** One member of a consumer group. A partition is held by at most one member of a group. */
export interface Subscription {
  poll(options: PollOptions): Promise<DeliveredMessage[]>;
  /**
   * Everything of the partition up to and including `position` is done (one before the first:
   * nothing is). Durable when resolved.
   * A position of a partition that this member no longer holds is ignored. After a seek back, a
   * commit moves the group back too.
   */
  commit(positions: readonly Position[]): Promise<void>;
  /** The next poll reads the partition again from `position` (inclusive; clamped to what is kept). */
  seek(position: Position): Promise<void>;
  /** A paused partition is held, but not polled. */
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  assigned(): TopicPartition[];
  /**
   * Leaves the group, without `onRevoke`: commit first. A pending poll resolves with [], a later one
   * rejects with BrokerError 'not-running'. Idempotent.
   */
  close(): Promise<void>;
}

/** How far a group is behind on one partition. */
export interface PartitionLag extends TopicPartition {
  group: string;
  /** Messages kept and not committed; null when it cannot be known. Never negative. */
  messages: number | null;
  /** Age of the oldest uncommitted message; 0 when there is none; null when unknown. */
  seconds: number | null;
  /** Messages that retention removed before this group committed them. */
  expired: number;
  /** First position not committed (where the group would go on); null where there are none. */
  committed: number | null;
  /** First position kept, and the position that the next message will get; null as above. */
  start: number | null;
  end: number | null;
}

/** A topic that must exist. */
export interface TopicSpec {
  name: string;
  partitions: number;
  /**
   * Groups that read it. A broker that keeps a queue per group makes them now, so that nothing is
   * published before every reader's queue is there; a broker with a log does not care.
   */
  groups?: readonly string[] | undefined;
  /** Read with `read` alone, by no group, also without `canReplay`: dead letters. */
  kept?: boolean | undefined;
  /**
   * Written by the pipeline itself while it goes forward: notes. A broker whose topics share one
   * bound takes these, and what is `kept`, also when it takes no more messages of clients.
   */
  internal?: boolean | undefined;
}

/** What retention removed of a partition of a `kept` topic. */
export interface ExpiredKept {
  /** Every message before this position is removed; 0 when none is. */
  before: number;
  /** When the youngest of them was taken, ms since the epoch. */
  upToMs: number;
}

/** The next position to read per partition; a replay starts there. */
export type ReplayFrom = { timestampMs: number } | { positions: readonly Position[] } | 'earliest';

/** Options of reading without a group. */
export interface ReadOptions {
  abort?: AbortSignal;
  /** About what is read ahead. */
  bytesMax?: number;
  /** A message whose value is larger may come with a fault instead of it. */
  valueBytesMax?: number;
}

/** What a broker can do beyond the least: `{}` can nothing of it. */
export interface BrokerCapabilities {
  /**
   * A log is kept. Without it (RabbitMQ) `replay`, and `read` of a topic that is not `kept`, throw
   * `UnsupportedError`, and positions hold only for one subscription.
   */
  readonly canReplay?: boolean | undefined;
  /**
   * Among the messages that one `publish` call has for a partition, none is durable behind one that
   * is not. Without it (a full queue refuses one and takes the next) what must keep its order is
   * published one by one.
   */
  readonly keepsPrefix?: boolean | undefined;
  /**
   * When the youngest message was taken that the partition's log does not hold any more, removed by
   * retention or lost, in ms since the epoch: 0 when it holds all, Infinity when that is not known.
   * A log that fills embedded stores has it.
   */
  readonly missingUpToMs?: ((partition: TopicPartition) => number) | undefined;
  /**
   * What retention removed of a partition of a `kept` topic. It was known before it was done, so
   * that what is missing beyond it is lost.
   */
  readonly expiredKept?: ((partition: TopicPartition) => Promise<ExpiredKept>) | undefined;
}

/**
 * The port to a message broker, which holds published messages until every consumer group has read
 * them. An adapter is durable, keeps the order within a partition, delivers at least once, and
 * answers expected failures of `publish` as outcomes; `brokerContract` tests it.
 */
export interface Broker {
  /** Adapter name, e.g. 'embedded'. */
  readonly name: string;
  readonly capabilities: BrokerCapabilities;
  start(): Promise<void>;
  /** Idempotent, safe before start; flushes. */
  stop(): Promise<void>;
  health(): { ok: boolean; detail: string };

  /**
   * What is unsafe about the broker for these topics, whether they are there yet or not; empty when
   * nothing is. To be asked before `ensureTopics`, which makes do with what there is.
   */
  inspect(topics: readonly TopicSpec[]): Promise<SafetyFinding[]>;
  /** Creates what is missing, partitions too; a topic that has more of them keeps them. */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>;
  topics(): Promise<TopicSpec[]>;

  /** One outcome per message, in order. Never rejects for an expected failure. */
  publish(messages: readonly OutgoingMessage[], abort?: AbortSignal): Promise<PublishOutcome[]>;

  subscribe(options: SubscribeOptions): Promise<Subscription>;

  /**
   * Lag of every partition that the group reads; with `topics`, also of those of these topics on
   * which it has committed nothing yet: all that it would read if it started now.
   */
  lag(group: string, topics?: readonly string[]): Promise<PartitionLag[]>;
  /** Every group that ever subscribed. */
  groups(): Promise<string[]>;

  /** Sets the committed positions of a group; no member may be running (throws otherwise). */
  replay(group: string, topic: string, from: ReplayFrom): Promise<void>;
  /** Reads without a group, from a position, up to the end at the time of the call. */
  read(from: Position, options?: ReadOptions): AsyncIterable<DeliveredMessage>;
  /** First position whose message was taken at or after the time; the end when there is none. */
  positionAt(partition: TopicPartition, timestampMs: number): Promise<number>;
}
