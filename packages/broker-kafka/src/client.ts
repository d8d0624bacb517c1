/**
 * What the adapter asks of a Kafka client library: single requests to single brokers, so that
 * groups, reading and lag behave alike over both. Requests reject with KafkaError.
 */
import type { DeliveredMessage, TopicPartition } from '@spillway/broker';

/** One topic; its partitions from 0. */
export interface TopicView {
  partitions: { leader: number; replicas: number }[];
}

export interface ClusterView {
  /** Ids of every broker that is up. */
  nodes: number[];
  /** Unknown topics are absent. */
  topics: Map<string, TopicView>;
}

export interface FetchRequest {
  /** A broker without messages answers after this. */
  waitMs: number;
  /** Bytes of the answer; the first batch is whole, however large. */
  bytesMax: number;
  /** Memory for what is built beside the answer; one record may take more. */
  ownBytesMax: number;
  partitions: (TopicPartition & { position: number; bytesMax: number })[];
}

export interface ReadingOptions {
  /** A larger record of a compressed batch is not read. */
  messageBytesMax: number;
}

/** Null keys and values come as empty ones. */
export interface FetchedRecord
  extends Pick<
    DeliveredMessage,
    'position' | 'timestampMs' | 'key' | 'value' | 'headers' | 'fault'
  > {
  /** What it takes in memory, estimated. */
  bytes: number;
}

export interface Fetched extends TopicPartition {
  /** Begins with Kafka's name of the error; '' without one. */
  error: string;
  /** From the first position asked for on; control records are left out. */
  records: FetchedRecord[];
  /** Where to go on: behind the last record, or behind a batch that held none for us. */
  next: number;
}

/** A question for an offset: -2 is the first position kept, -1 the end. */
export interface OffsetQuery extends TopicPartition {
  timestampMs: number;
}

export interface Offset extends TopicPartition {
  /** -1 where nothing is as young as asked for. */
  position: number;
}

/** A member as its group knows it; '' and -1 before it joined, and to commit without members. */
export interface Membership {
  group: string;
  memberId: string;
  generation: number;
}

export interface JoinRequest extends Membership {
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocol: string;
  metadata: Buffer;
}

export interface Joined {
  memberId: string;
  generation: number;
  leaderId: string;
  /** For the leader alone. */
  members: { memberId: string; metadata: Buffer }[];
}

export interface CommittedOffset extends TopicPartition {
  /** The next position to read. */
  position: number;
  metadata: string;
}

export interface NewTopic {
  name: string;
  partitions: number;
  replicationFactor: number;
  settings: Record<string, string>;
}

export interface GroupView {
  state: string;
  members: { metadata: Buffer }[];
}

/** One set of connections: a request that waits holds up those behind it to the same broker. */
export interface KafkaClient {
  /** Never makes a topic. Undefined: all topics. */
  cluster(topics: readonly string[] | undefined): Promise<ClusterView>;
  coordinator(group: string): Promise<number>;
  fetch(node: number, request: FetchRequest): Promise<Fetched[]>;
  offsets(node: number, queries: readonly OffsetQuery[]): Promise<Offset[]>;

  join(node: number, request: JoinRequest): Promise<Joined>;
  sync(
    node: number,
    member: Membership,
    protocol: string,
    assignments: readonly { memberId: string; assignment: Buffer }[],
  ): Promise<Buffer>;
  heartbeat(node: number, member: Membership): Promise<void>;
  leave(node: number, member: Membership): Promise<void>;
  commit(node: number, member: Membership, offsets: readonly CommittedOffset[]): Promise<void>;
  committed(node: number, group: string): Promise<CommittedOffset[]>;

  groups(node: number): Promise<string[]>;
  describeGroup(node: number, group: string): Promise<GroupView>;
  createTopics(topics: readonly NewTopic[]): Promise<void>;
  /** Adds partitions up to the given numbers. */
  addPartitions(topics: readonly Pick<NewTopic, 'name' | 'partitions'>[]): Promise<void>;
  /** Every setting of each topic, with what it inherits. */
  settings(topics: readonly string[]): Promise<Map<string, Record<string, string>>>;

  /** Idempotent; requests under way reject. */
  close(): Promise<void>;
}
