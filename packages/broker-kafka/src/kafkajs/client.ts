import { byTopic } from '../by-topic.ts';
import type {
  ClusterView,
  CommittedOffset,
  Fetched,
  FetchRequest,
  GroupView,
  Joined,
  JoinRequest,
  KafkaClient,
  Membership,
  NewTopic,
  Offset,
  OffsetQuery,
  ReadingOptions,
} from '../client.ts';
import { reasonOf } from '../errors.ts';
import { type LibraryBroker, type LibraryMetadata, learn } from './cluster.ts';
import { fetchRecords } from './fetch.ts';
import { type QuestionOptions, Questions } from './questions.ts';

const topicResource = 2;
const createTimeoutMs = 10_000;
const groupCoordinator = 0;

/** Single requests over the connections and the codec of KafkaJS. */
export class KafkajsClient implements KafkaClient {
  readonly #options: QuestionOptions & ReadingOptions;
  readonly #questions: Questions;
  #topics: string[] = [];

  constructor(options: QuestionOptions & ReadingOptions) {
    this.#options = options;
    this.#questions = new Questions(options);
  }

  async cluster(topics: readonly string[] | undefined): Promise<ClusterView> {
    // No topics are all topics to KafkaJS.
    if (topics === undefined || topics.length > 0) this.#topics = [...(topics ?? [])];
    const metadata = await this.#metadata(this.#topics).catch(async (error) => {
      if (reasonOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
      this.#topics = await this.#known(this.#topics);
      return await this.#metadata(this.#topics);
    });
    const { brokers = [], topicMetadata = [] } = metadata ?? {};
    const wanted = topics && new Set(topics.filter((topic) => this.#topics.includes(topic)));
    const found = topicMetadata.filter(
      ({ topic, isInternal }) => isInternal !== true && (wanted?.has(topic) ?? true),
    );
    const views = found.map(({ topic, partitionMetadata }) => {
      const sorted = partitionMetadata.toSorted((a, b) => a.partitionId - b.partitionId);
      const partitions = sorted.map(({ leader, replicas }) => ({
        leader,
        replicas: replicas.length,
      }));
      return [topic, { partitions }] as const;
    });
    return { nodes: brokers.map(({ nodeId }) => nodeId), topics: new Map(views) };
  }

  async coordinator(group: string): Promise<number> {
    return await this.#questions.ask(`the coordinator of ${group}`, async (cluster) => {
      await learn(cluster);
      const options = { groupId: group, coordinatorType: groupCoordinator };
      const { coordinator } = await cluster.findGroupCoordinatorMetadata(options);
      return coordinator.nodeId;
    });
  }

  async fetch(node: number, request: FetchRequest): Promise<Fetched[]> {
    const { messageBytesMax } = this.#options;
    return await this.#at(node, (broker) => fetchRecords(broker, { ...request, messageBytesMax }));
  }

  async offsets(node: number, queries: readonly OffsetQuery[]): Promise<Offset[]> {
    const topics = byTopic(queries, ({ partition, timestampMs }) => ({
      partition,
      timestamp: String(timestampMs),
    }));
    const { responses } = await this.#at(node, (broker) =>
      broker.listOffsets({ isolationLevel: 0, topics }),
    );
    return responses.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => ({ topic, partition, position: Number(offset) })),
    );
  }

  async join(node: number, request: JoinRequest): Promise<Joined> {
    const { group, memberId, protocol, metadata, sessionTimeoutMs, rebalanceTimeoutMs } = request;
    const joined = await this.#at(node, (broker) =>
      broker.joinGroup({
        groupId: group,
        memberId,
        sessionTimeout: sessionTimeoutMs,
        rebalanceTimeout: rebalanceTimeoutMs,
        groupProtocols: [{ name: protocol, metadata }],
      }),
    );
    return {
      memberId: joined.memberId,
      generation: joined.generationId,
      leaderId: joined.leaderId,
      members: joined.members.map((member) => ({
        memberId: member.memberId,
        metadata: member.memberMetadata,
      })),
    };
  }

  async sync(
    node: number,
    { group, generation, memberId }: Membership,
    _protocol: string,
    assignments: readonly { memberId: string; assignment: Buffer }[],
  ): Promise<Buffer> {
    const groupAssignment = assignments.map((one) => ({
      memberId: one.memberId,
      memberAssignment: one.assignment,
    }));
    const member = { groupId: group, generationId: generation, memberId };
    const answer = await this.#at(node, (broker) =>
      broker.syncGroup({ ...member, groupAssignment }),
    );
    return answer.memberAssignment;
  }

  async heartbeat(node: number, { group, generation, memberId }: Membership): Promise<void> {
    const request = { groupId: group, groupGenerationId: generation, memberId };
    await this.#at(node, (broker) => broker.heartbeat(request));
  }

  async leave(node: number, { group, memberId }: Membership): Promise<void> {
    await this.#at(node, (broker) => broker.leaveGroup({ groupId: group, memberId }));
  }

  async commit(
    node: number,
    { group, generation, memberId }: Membership,
    offsets: readonly CommittedOffset[],
  ): Promise<void> {
    const topics = byTopic(offsets, ({ partition, position, metadata }) => ({
      partition,
      offset: String(position),
      metadata,
    }));
    const member = { groupId: group, groupGenerationId: generation, memberId };
    await this.#at(node, (broker) => broker.offsetCommit({ ...member, topics }));
  }

  async committed(node: number, group: string): Promise<CommittedOffset[]> {
    const { responses } = await this.#at(node, (broker) =>
      broker.offsetFetch({ groupId: group, topics: [] }),
    );
    const all = responses.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset, metadata }) => ({
        topic,
        partition,
        position: Number(offset),
        metadata: metadata ?? '',
      })),
    );
    return all.filter(({ position }) => position >= 0);
  }

  async groups(node: number): Promise<string[]> {
    const { groups } = await this.#at(node, (broker) => broker.listGroups());
    return groups
      .filter(({ protocolType }) => protocolType === 'consumer' || protocolType === '')
      .map(({ groupId }) => groupId);
  }

  async describeGroup(node: number, group: string): Promise<GroupView> {
    const request = { groupIds: [group] };
    const { groups } = await this.#at(node, (broker) => broker.describeGroups(request));
    const { state = 'Dead', members = [] } = groups[0] ?? {};
    return { state, members: members.map(({ memberMetadata }) => ({ metadata: memberMetadata })) };
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    const wanted = topics.map(({ name, partitions, replicationFactor, settings }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor,
      configEntries: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
    }));
    await this.#atController('createTopics', (controller) =>
      controller.createTopics({ topics: wanted, timeout: createTimeoutMs }),
    );
  }

  async addPartitions(topics: readonly Pick<NewTopic, 'name' | 'partitions'>[]): Promise<void> {
    const topicPartitions = topics.map(({ name, partitions }) => ({
      topic: name,
      count: partitions,
    }));
    await this.#atController('createPartitions', (controller) =>
      controller.createPartitions({ topicPartitions, timeout: createTimeoutMs }),
    );
  }

  async settings(topics: readonly string[]): Promise<Map<string, Record<string, string>>> {
    const { nodes } = await this.cluster([...topics]);
    const resources = topics.map((name) => ({ type: topicResource, name }));
    const answer = await this.#at(nodes[0] ?? 0, (broker) => broker.describeConfigs({ resources }));
    return new Map(
      answer.resources.map(({ resourceName, configEntries }) => [
        resourceName,
        Object.fromEntries(configEntries.map((one) => [one.configName, one.configValue])),
      ]),
    );
  }

  close(): Promise<void> {
    return this.#questions.close();
  }

  /** KafkaJS answers about all of the topics or about none. */
  async #known(topics: readonly string[]): Promise<string[]> {
    const known: string[] = [];
    for (const topic of topics) {
      await this.#metadata([topic]).then(
        () => known.push(topic),
        (error) => {
          if (reasonOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
        },
      );
    }
    return known;
  }

  #metadata(topics: readonly string[]): Promise<LibraryMetadata | null> {
    return this.#questions.ask('metadata', async ({ brokerPool }) => {
      await brokerPool.refreshMetadata([...topics]);
      return brokerPool.metadata;
    });
  }

  #atController<T>(what: string, ask: (controller: LibraryBroker) => Promise<T>): Promise<T> {
    return this.#questions.ask(what, async (cluster) => {
      await learn(cluster);
      return ask(await cluster.findControllerBroker());
    });
  }

  #at<T>(node: number, ask: (broker: LibraryBroker) => Promise<T>): Promise<T> {
    return this.#questions.ask(`Broker ${node}`, async (cluster) =>
      ask(await cluster.findBroker({ nodeId: String(node) })),
    );
  }
}
