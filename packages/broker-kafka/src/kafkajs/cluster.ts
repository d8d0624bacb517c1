import type { Kafka } from 'kafkajs';

/** The part of KafkaJS's own cluster that is used here; its type declarations leave most of it out. */
export interface LibraryCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  findBroker(options: { nodeId: string }): Promise<LibraryBroker>;
  findControllerBroker(): Promise<LibraryBroker>;
  findGroupCoordinatorMetadata(options: {
    groupId: string;
    coordinatorType: number;
  }): Promise<{ coordinator: { nodeId: number } }>;
  brokerPool: {
    /** No topics are all topics. */
    refreshMetadata(topics: string[]): Promise<void>;
    metadata: LibraryMetadata | null;
  };
}

export interface LibraryMetadata {
  brokers: { nodeId: number }[];
  topicMetadata: {
    topic: string;
    isInternal?: boolean;
    partitionMetadata: { partitionId: number; leader: number; replicas: number[] }[];
  }[];
}

interface Member {
  groupId: string;
  memberId: string;
}

interface ByTopic<P> {
  topic: string;
  partitions: P[];
}

/** A request as it goes out, and how its answer is read. */
export interface LibraryQuestion {
  response: {
    decode(bytes: Buffer): Promise<object>;
    parse(decoded: object): Promise<object>;
  };
}

export interface LibraryBroker {
  fetch(request: {
    maxWaitTime: number;
    minBytes: number;
    maxBytes: number;
    isolationLevel: number;
    topics: ByTopic<{ partition: number; fetchOffset: string; maxBytes: number }>[];
  }): Promise<unknown>;
  /** What its own questions go through. */
  readonly connectionPool: { send(question: LibraryQuestion): Promise<unknown> };
  listOffsets(request: {
    isolationLevel: number;
    topics: ByTopic<{ partition: number; timestamp: string }>[];
  }): Promise<{ responses: ByTopic<{ partition: number; offset: string }>[] }>;
  joinGroup(
    request: Member & {
      sessionTimeout: number;
      rebalanceTimeout: number;
      groupProtocols: { name: string; metadata: Buffer }[];
    },
  ): Promise<{
    memberId: string;
    generationId: number;
    leaderId: string;
    members: { memberId: string; memberMetadata: Buffer }[];
  }>;
  syncGroup(
    request: Member & {
      generationId: number;
      groupAssignment: { memberId: string; memberAssignment: Buffer }[];
    },
  ): Promise<{ memberAssignment: Buffer }>;
  heartbeat(request: Member & { groupGenerationId: number }): Promise<unknown>;
  leaveGroup(request: Member): Promise<unknown>;
  offsetCommit(
    request: Member & {
      groupGenerationId: number;
      topics: ByTopic<{ partition: number; offset: string; metadata: string }>[];
    },
  ): Promise<unknown>;
  offsetFetch(request: { groupId: string; topics: [] }): Promise<{
    responses: ByTopic<{ partition: number; offset: string; metadata: string | null }>[];
  }>;
  listGroups(): Promise<{ groups: { groupId: string; protocolType: string }[] }>;
  describeGroups(request: { groupIds: string[] }): Promise<{
    groups: { state: string; members: { memberMetadata: Buffer }[] }[];
  }>;
  createTopics(request: {
    topics: {
      topic: string;
      numPartitions: number;
      replicationFactor: number;
      configEntries: { name: string; value: string }[];
    }[];
    timeout: number;
  }): Promise<unknown>;
  createPartitions(request: {
    topicPartitions: { topic: string; count: number }[];
    timeout: number;
  }): Promise<unknown>;
  describeConfigs(request: { resources: { type: number; name: string }[] }): Promise<{
    resources: {
      resourceName: string;
      configEntries: { configName: string; configValue: string }[];
    }[];
  }>;
}

/**
 * KafkaJS hands its cluster to partition assigners, which is the only way to single requests: its
 * consumer joins again without a word, so that nothing can be finished before partitions move.
 */
export function clusterOf(kafka: Kafka): LibraryCluster {
  let found: LibraryCluster | undefined;
  kafka.consumer({
    groupId: 'unused',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      ({ cluster }) => {
        found = cluster as unknown as LibraryCluster;
        return { name: 'unused', version: 0, assign: async () => [], protocol: () => unused };
      },
    ],
  });
  if (found === undefined) throw new Error('This KafkaJS asks its assigners later than 2.2.4');
  return found;
}

const unused = { name: 'unused', metadata: Buffer.alloc(0) };

/** KafkaJS asks no broker before it knows which there are. */
export async function learn({ brokerPool }: LibraryCluster): Promise<void> {
  if (brokerPool.metadata === null) await brokerPool.refreshMetadata([]);
}
