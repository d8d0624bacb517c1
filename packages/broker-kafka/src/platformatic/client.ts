import {
  createPartitionsV2,
  createTopicsV6,
  describeConfigsV4,
  describeGroupsV5,
  findCoordinatorV4,
  heartbeatV4,
  joinGroupV7,
  leaveGroupV4,
  listGroupsV4,
  listOffsetsV6,
  metadataV9,
  offsetCommitV8,
  offsetFetchV7,
  syncGroupV5,
} from '@platformatic/kafka';
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
import { answered, reasonOf } from '../errors.ts';
import { Connections, type ConnectionsOptions } from './connections.ts';
import { fetchRecords } from './fetch.ts';
import { withErrors } from './with-errors.ts';

const topicResource = 2;
const createTimeoutMs = 10_000;

/**
 * Requests in versions that Kafka 2.7 to 4.x understand, over plain connections: the library's own
 * consumer joins eagerly and cannot wait for `onRevoke` before partitions move.
 */
export class PlatformaticClient implements KafkaClient {
  readonly #options: ReadingOptions;
  readonly #connections: Connections;

  constructor(options: ConnectionsOptions & ReadingOptions) {
    this.#options = options;
    this.#connections = new Connections(options);
  }

  async cluster(topics: readonly string[] | undefined): Promise<ClusterView> {
    const answer = await withErrors(
      this.#connections.askAny(metadataV9.api, topics ? [...topics] : null, false),
    );
    this.#connections.learn(answer.brokers);
    const known = answer.topics.filter(
      ({ errorCode, isInternal }) => errorCode === 0 && !isInternal,
    );
    return {
      nodes: answer.brokers.map(({ nodeId }) => nodeId),
      topics: new Map(
        known.map(({ name, partitions }) => {
          const sorted = [...partitions].sort((a, b) => a.partitionIndex - b.partitionIndex);
          const view = sorted.map(({ leaderId, replicaNodes }) => ({
            leader: leaderId,
            replicas: replicaNodes.length,
          }));
          return [name, { partitions: view }];
        }),
      ),
    };
  }

  async coordinator(group: string): Promise<number> {
    const answer = await this.#connections.askAny(findCoordinatorV4.api, 0, [group]);
    const [found] = answer.coordinators;
    if (found === undefined) throw answered('COORDINATOR_NOT_AVAILABLE', group);
    if (!this.#connections.knows(found.nodeId)) await this.cluster([]);
    return found.nodeId;
  }

  fetch(node: number, request: FetchRequest): Promise<Fetched[]> {
    const { messageBytesMax } = this.#options;
    return fetchRecords(this.#connections, node, { ...request, messageBytesMax });
  }

  async offsets(node: number, queries: readonly OffsetQuery[]): Promise<Offset[]> {
    const topics = byName(queries, ({ partition, timestampMs }) => ({
      partitionIndex: partition,
      currentLeaderEpoch: -1,
      timestamp: BigInt(timestampMs),
    }));
    const answer = await this.#connections.ask(node, listOffsetsV6.api, -1, 0, topics);
    return answer.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, offset }) => ({
        topic: name,
        partition: partitionIndex,
        position: Number(offset),
      })),
    );
  }

  async join(node: number, request: JoinRequest): Promise<Joined> {
    const { group, memberId, protocol, metadata, sessionTimeoutMs, rebalanceTimeoutMs } = request;
    const ask = (id: string) =>
      this.#connections.ask(
        node,
        joinGroupV7.api,
        ...([group, sessionTimeoutMs, rebalanceTimeoutMs, id, null, 'consumer'] as const),
        [{ name: protocol, metadata }],
      );
    // A new member is given its name first (KIP-394).
    const answer = await ask(memberId).catch((error) => ask(givenName(error)));
    return {
      memberId: answer.memberId,
      generation: answer.generationId,
      leaderId: answer.leader,
      members: answer.members.map((member) => ({
        memberId: member.memberId,
        metadata: member.metadata,
      })),
    };
  }

  async sync(
    node: number,
    { group, generation, memberId }: Membership,
    protocol: string,
    assignments: readonly { memberId: string; assignment: Buffer }[],
  ): Promise<Buffer> {
    const who = [group, generation, memberId, null, 'consumer', protocol] as const;
    const answer = await this.#connections.ask(node, syncGroupV5.api, ...who, [...assignments]);
    return answer.assignment;
  }

  async heartbeat(node: number, { group, generation, memberId }: Membership): Promise<void> {
    await this.#connections.ask(node, heartbeatV4.api, group, generation, memberId, null);
  }

  async leave(node: number, { group, memberId }: Membership): Promise<void> {
    await this.#connections.ask(node, leaveGroupV4.api, group, [{ memberId }]);
  }

  async commit(
    node: number,
    { group, generation, memberId }: Membership,
    offsets: readonly CommittedOffset[],
  ): Promise<void> {
    const topics = byName(offsets, ({ partition, position, metadata }) => ({
      partitionIndex: partition,
      committedOffset: BigInt(position),
      committedLeaderEpoch: -1,
      committedMetadata: metadata,
    }));
    const who = [group, generation, memberId, null] as const;
    await this.#connections.ask(node, offsetCommitV8.api, ...who, topics);
  }

  async committed(node: number, group: string): Promise<CommittedOffset[]> {
    const asked = [{ groupId: group, topics: null }];
    const { topics } = await this.#connections.ask(node, offsetFetchV7.api, asked, true);
    return topics
      .flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, committedOffset, metadata }) => ({
          topic: name,
          partition: partitionIndex,
          position: Number(committedOffset),
          metadata: metadata ?? '',
        })),
      )
      .filter(({ position }) => position >= 0);
  }

  async groups(node: number): Promise<string[]> {
    const { groups } = await this.#connections.ask(node, listGroupsV4.api, [], []);
    return groups
      .filter(({ protocolType }) => protocolType === 'consumer' || protocolType === '')
      .map(({ groupId }) => groupId);
  }

  async describeGroup(node: number, group: string): Promise<GroupView> {
    const { groups } = await this.#connections.ask(node, describeGroupsV5.api, [group], false);
    const [found] = groups;
    if (found === undefined) return { state: 'Dead', members: [] };
    const members = found.members.map(({ memberMetadata }) => ({ metadata: memberMetadata }));
    return { state: found.groupState, members };
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    const wanted = topics.map(({ name, partitions, replicationFactor, settings }) => ({
      name,
      numPartitions: partitions,
      replicationFactor,
      assignments: [],
      configs: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
    }));
    const { controllerId } = await withErrors(this.#connections.askAny(metadataV9.api, [], false));
    await this.#connections.ask(controllerId, createTopicsV6.api, wanted, createTimeoutMs, false);
  }

  async addPartitions(topics: readonly Pick<NewTopic, 'name' | 'partitions'>[]): Promise<void> {
    const wanted = topics.map(({ name, partitions: count }) => ({ name, count }));
    const { controllerId } = await withErrors(this.#connections.askAny(metadataV9.api, [], false));
    const { api } = createPartitionsV2;
    await this.#connections.ask(controllerId, api, wanted, createTimeoutMs, false);
  }

  async settings(topics: readonly string[]): Promise<Map<string, Record<string, string>>> {
    const wanted = topics.map((resourceName) => ({ resourceType: topicResource, resourceName }));
    const { results } = await this.#connections.askAny(
      describeConfigsV4.api,
      wanted as never,
      false,
      false,
    );
    return new Map(
      results.map(({ resourceName, configs }) => [
        resourceName,
        Object.fromEntries(configs.map(({ name, value }) => [name, value ?? ''])),
      ]),
    );
  }

  close(): Promise<void> {
    return this.#connections.close();
  }
}

function givenName(error: unknown): string {
  if (reasonOf(error) !== 'MEMBER_ID_REQUIRED') throw error;
  const { cause } = error as { cause?: { response?: { memberId?: string } } };
  return cause?.response?.memberId ?? '';
}

function byName<T extends { topic: string }, P>(all: readonly T[], partOf: (one: T) => P) {
  return byTopic(all, partOf).map(({ topic: name, partitions }) => ({ name, partitions }));
}
