import { BrokerError, partitionName, type TopicPartition } from '@spillway/broker';
import type { CommittedOffset, KafkaClient, Membership as Member } from '../client.ts';
import type { KafkaBrokerEvent } from '../config.ts';
import { KafkaError, messageOf, reasonOf } from '../errors.ts';
import { Backoff, sleep, within } from '../wait.ts';
import { type AssignedMember, assign } from './assign.ts';
import {
  decodeAssignment,
  decodeClaim,
  encodeAssignment,
  encodeClaim,
  protocolName,
} from './protocol.ts';

/** Who reads what the membership assigns. */
export interface Assignee {
  owned(): TopicPartition[];
  gain(partitions: readonly TopicPartition[], committed: readonly CommittedOffset[]): void;
  /** Finishes what is in hand and lets go; never takes longer than the rebalance time-out. */
  revoke(partitions: readonly TopicPartition[]): Promise<void>;
  /** Others may hold them already. */
  lose(): void;
}

export interface MembershipOptions {
  group: string;
  topics: readonly string[];
  assignee: Assignee;
  client: KafkaClient;
  /** A join waits until every member has joined: it must not hold up commits and heartbeats. */
  joinClient: KafkaClient;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  /** For the first join, and for each commit, while brokers come and go. */
  patienceMs: number;
  report: (event: KafkaBrokerEvent) => void;
}

/** A broker that does not answer must not hold up a stop. */
const leaveMs = 3_000;

const fencing = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID']);
/** Neither passes by itself nor by waiting. */
const hopeless = new Set([
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_GROUP_ID',
  'INVALID_SESSION_TIMEOUT',
  'GROUP_AUTHORIZATION_FAILED',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_MAX_SIZE_REACHED',
]);

/** Keeps one member in its group: joins, assigns when it leads, beats, moves partitions, commits. */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #abort = new AbortController();
  readonly #joined = Promise.withResolvers<void>();
  readonly #heartbeatMs: number;
  readonly #backoff = new Backoff();
  #running: Promise<void> | undefined;
  #member: Member;
  #coordinator: number | undefined;
  #partitionCount = 0;
  #trouble: string | undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#heartbeatMs = Math.min(1_000, Math.max(100, options.sessionTimeoutMs / 30));
    this.#member = { group: options.group, memberId: '', generation: -1 };
  }

  /** Resolves in the group; rejects where that is hopeless, or took longer than `patienceMs`. */
  async start(): Promise<void> {
    this.#joined.promise.catch(() => {});
    this.#running = this.#run();
    await this.#joined.promise;
  }

  /** What keeps it from its group at present. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /**
   * Resolves when the broker has noted them, or when this member was thrown out of its group, which
   * `owned` then no longer shows; rejects when no broker took them in good time.
   */
  async commit(offsets: readonly CommittedOffset[]): Promise<void> {
    const { client, patienceMs } = this.#options;
    const deadline = performance.now() + patienceMs;
    const backoff = new Backoff();
    for (let left = offsets; ; ) {
      const owned = new Set(this.#options.assignee.owned().map(partitionName));
      left = left.filter((offset) => owned.has(partitionName(offset)));
      if (left.length === 0 || this.#abort.signal.aborted) return;
      const member = this.#member;
      try {
        await client.commit(await this.#findCoordinator(), member, left);
        return;
      } catch (error) {
        const isCurrent = member.generation === this.#member.generation;
        if (fencing.has(reasonOf(error)) && isCurrent) return this.#fence(error);
        if (isPermanent(error) || performance.now() > deadline) throw error;
        this.#forgetCoordinator(error);
      }
      await sleep(backoff.nextMs(), this.#abort.signal);
    }
  }

  /** Leaves the group, so that the others take over at once. */
  async close(): Promise<void> {
    if (this.#abort.signal.aborted) return await this.#running;
    this.#abort.abort();
    this.#joined.reject(new BrokerError('not-running', 'The subscription is closed'));
    const { client, joinClient } = this.#options;
    // If that fails, the others wait until the session runs out.
    await within(this.#leave(), leaveMs, 'To leave').catch(() => {});
    await Promise.all([client.close(), joinClient.close()]);
    await this.#running;
  }

  async #leave(): Promise<void> {
    if (this.#member.memberId === '') return;
    const ask = async () => this.#options.client.leave(await this.#findCoordinator(), this.#member);
    await ask().catch((error) => {
      this.#forgetCoordinator(error);
      return ask();
    });
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    const deadline = performance.now() + this.#options.patienceMs;
    while (!signal.aborted) {
      try {
        await this.#round();
      } catch (error) {
        if (signal.aborted) return;
        if (fencing.has(reasonOf(error))) {
          this.#fence(error);
        } else if (reasonOf(error) !== 'REBALANCE_IN_PROGRESS') {
          if (isPermanent(error) || performance.now() > deadline) this.#joined.reject(error);
          await this.#pause(error, this.#backoff.nextMs());
        }
      }
    }
  }

  async #pause(error: unknown, waitMs: number): Promise<void> {
    const { group, report } = this.#options;
    this.#trouble = messageOf(error);
    this.#forgetCoordinator(error);
    report({ type: 'retrying', group, what: 'membership', message: messageOf(error), waitMs });
    await sleep(waitMs, this.#abort.signal);
  }

  /** From one join to the need for the next. */
  async #round(): Promise<void> {
    const { client, assignee, group, report } = this.#options;
    const assigned = await this.#join();
    const held = new Set(assignee.owned().map(partitionName));
    const kept = new Set(assigned.map(partitionName));
    const gained = assigned.filter((one) => !held.has(partitionName(one)));
    const given = assignee.owned().filter((one) => !kept.has(partitionName(one)));
    if (gained.length > 0) {
      const committed = await client.committed(await this.#findCoordinator(), group);
      if (this.#abort.signal.aborted) return;
      assignee.gain(gained, committed);
      report({ type: 'assigned', group, partitions: [...kept] });
    }
    this.#trouble = undefined;
    this.#joined.resolve();
    this.#backoff.reset();
    if (given.length === 0) await this.#beatUntilRebalance();
    else await this.#beatWhile(assignee.revoke(given));
  }

  async #join(): Promise<TopicPartition[]> {
    const { joinClient, topics, assignee, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options;
    const node = await this.#findCoordinator();
    await joinClient.cluster([]); // Where that broker is.
    const { generation } = this.#member;
    const joined = await joinClient.join(node, {
      ...this.#member,
      ...{ sessionTimeoutMs, rebalanceTimeoutMs, protocol: protocolName },
      metadata: encodeClaim({ topics: [...topics], owned: assignee.owned(), generation }),
    });
    const member = { group: this.#options.group, memberId: joined.memberId };
    this.#member = { ...member, generation: joined.generation };
    const leads = joined.leaderId === joined.memberId;
    const assignments = leads ? await this.#assign(joined.members) : [];
    this.#partitionCount = leads ? this.#partitionCount : 0;
    return decodeAssignment(await joinClient.sync(node, this.#member, protocolName, assignments));
  }

  async #assign(members: readonly { memberId: string; metadata: Buffer }[]) {
    const all: AssignedMember[] = members.map(({ memberId, metadata }) => ({
      memberId,
      ...decodeClaim(metadata),
    }));
    const partitions = await this.#partitionsOf([...new Set(all.flatMap(({ topics }) => topics))]);
    this.#partitionCount = partitions.length;
    return [...assign(all, partitions)].map(([memberId, own]) => ({
      memberId,
      assignment: encodeAssignment(own),
    }));
  }

  async #partitionsOf(topics: readonly string[]): Promise<TopicPartition[]> {
    const view = await this.#options.client.cluster(topics);
    return [...view.topics].flatMap(([topic, { partitions }]) =>
      partitions.map((_, partition) => ({ topic, partition })),
    );
  }

  async #beatUntilRebalance(): Promise<void> {
    const { signal } = this.#abort;
    const beatsPerLook = Math.ceil(this.#options.sessionTimeoutMs / this.#heartbeatMs);
    for (let beats = 1; !signal.aborted; beats += 1) {
      await sleep(this.#heartbeatMs, signal);
      if (signal.aborted) return;
      await this.#beat();
      if (beats % beatsPerLook === 0 && (await this.#haveTopicsGrown())) return;
    }
  }

  /** The leader looks about once in a session. */
  async #haveTopicsGrown(): Promise<boolean> {
    if (this.#partitionCount === 0) return false; // Not the leader.
    const partitions = await this.#partitionsOf(this.#options.topics).catch(() => []);
    return partitions.length > this.#partitionCount;
  }

  /** What is moving keeps its holder until `work` is done. */
  async #beatWhile(work: Promise<void>): Promise<void> {
    const done = new AbortController();
    const finished = work.finally(() => done.abort());
    const signal = AbortSignal.any([done.signal, this.#abort.signal]);
    while (!signal.aborted) {
      await sleep(this.#heartbeatMs, signal);
      if (signal.aborted) break;
      await this.#beat().catch((error) => {
        if (reasonOf(error) !== 'REBALANCE_IN_PROGRESS') throw error;
      });
    }
    if (!this.#abort.signal.aborted) await finished;
  }

  /** A broker that does not answer is asked again: only an answer ends a membership. */
  async #beat(): Promise<void> {
    try {
      await this.#options.client.heartbeat(await this.#findCoordinator(), this.#member);
      this.#trouble = undefined;
      this.#backoff.reset();
    } catch (error) {
      if (!isPassing(error)) throw error;
      await this.#pause(error, this.#backoff.nextMs());
    }
  }

  async #findCoordinator(): Promise<number> {
    this.#coordinator ??= await this.#options.client.coordinator(this.#options.group);
    return this.#coordinator;
  }

  #forgetCoordinator(error: unknown): void {
    if (isPassing(error)) this.#coordinator = undefined;
  }

  #fence(error: unknown): void {
    const { group, assignee, report } = this.#options;
    const isUnknown = reasonOf(error) === 'UNKNOWN_MEMBER_ID';
    this.#member = { group, memberId: isUnknown ? '' : this.#member.memberId, generation: -1 };
    if (assignee.owned().length > 0) report({ type: 'fenced', group, reason: reasonOf(error) });
    assignee.lose();
  }
}

/** No answer, or one that the coordinator is elsewhere or not ready. */
function isPassing(error: unknown): boolean {
  if (/COORDINATOR/.test(reasonOf(error))) return true;
  return !(error instanceof KafkaError) || error.code !== 'answer';
}

function isPermanent(error: unknown): boolean {
  if (error instanceof BrokerError || hopeless.has(reasonOf(error))) return true;
  return error instanceof KafkaError && ['login', 'certificate', 'config'].includes(error.code);
}
