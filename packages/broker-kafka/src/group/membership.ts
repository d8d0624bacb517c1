import { BrokerError, partitionName, type TopicPartition } from '@spillway/broker';
import { Backoff, messageOf, sleep, waitAtMost } from '@spillway/resilience';
import { backoffLimits } from '../backoff-limits.ts';
import type { CommittedOffset, KafkaClient, Membership as Member } from '../client.ts';
import type { KafkaBrokerEvent } from '../config.ts';
import { reasonOf } from '../errors.ts';
import { Coordinator, isFencing, isHopeless, isPassing } from './coordinator.ts';
import { Leader } from './leader.ts';
import { decodeAssignment, encodeClaim, protocolName } from './protocol.ts';

/** Who reads what the membership assigns. */
export interface Assignee {
  owned(): TopicPartition[];
  gain(partitions: readonly TopicPartition[], committed: readonly CommittedOffset[]): void;
  /** Finishes what is in flight and lets go; never takes longer than the rebalance time-out. */
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

/** Keeps one member in its group: joins, assigns when it leads, beats, moves partitions, commits. */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #abort = new AbortController();
  readonly #joined = Promise.withResolvers<void>();
  readonly #heartbeatMs: number;
  readonly #backoff = new Backoff(backoffLimits);
  readonly #coordinator: Coordinator;
  readonly #leader: Leader;
  #running: Promise<void> | undefined;
  #member: Member;
  /** The broker may be a generation ahead of what is known here. */
  #joining = false;
  #trouble: string | undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#heartbeatMs = Math.min(1_000, Math.max(100, options.sessionTimeoutMs / 30));
    this.#coordinator = new Coordinator(options.client, options.group);
    this.#leader = new Leader(options.client);
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
    const backoff = new Backoff(backoffLimits);
    for (let left = offsets; ; ) {
      const owned = new Set(this.#options.assignee.owned().map(partitionName));
      left = left.filter((offset) => owned.has(partitionName(offset)));
      if (left.length === 0 || this.#abort.signal.aborted) return;
      const member = this.#member;
      try {
        await this.#coordinator.ask((node) => client.commit(node, member, left));
        return;
      } catch (error) {
        const isCurrent = member.generation === this.#member.generation && !this.#joining;
        if (isFencing(error) && isCurrent) return this.#fence(error);
        if (isHopeless(error) || performance.now() > deadline) throw error;
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
    await waitAtMost(this.#leave(), { ms: leaveMs }).catch(() => {});
    await Promise.all([client.close(), joinClient.close()]);
    await this.#running;
  }

  async #leave(): Promise<void> {
    if (this.#member.memberId === '') return;
    const { client } = this.#options;
    const ask = () => this.#coordinator.ask((node) => client.leave(node, this.#member));
    await ask().catch(ask); // It may be elsewhere by now.
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    const deadline = performance.now() + this.#options.patienceMs;
    while (!signal.aborted) {
      try {
        await this.#round();
      } catch (error) {
        if (signal.aborted) return;
        if (isFencing(error)) {
          this.#fence(error);
        } else if (reasonOf(error) !== 'REBALANCE_IN_PROGRESS') {
          if (isHopeless(error) || performance.now() > deadline) this.#joined.reject(error);
          await this.#pause(error, this.#backoff.nextMs());
        }
      }
    }
  }

  async #pause(error: unknown, waitMs: number): Promise<void> {
    const { group, report } = this.#options;
    this.#trouble = messageOf(error);
    report({ type: 'retrying', group, what: 'membership', message: messageOf(error), waitMs });
    await sleep(waitMs, this.#abort.signal);
  }

  /** From one join to the need for the next. */
  async #round(): Promise<void> {
    const { client, assignee, group, report } = this.#options;
    const claimed = assignee.owned();
    const assigned = await this.#join(claimed);
    const held = new Set(assignee.owned().map(partitionName));
    const kept = new Set(assigned.map(partitionName));
    const gained = assigned.filter((one) => !held.has(partitionName(one)));
    // Of what was claimed: until the next join no member gets it, held or not.
    const given = claimed.filter((one) => !kept.has(partitionName(one)));
    if (gained.length > 0) {
      const committed = await this.#coordinator.ask((node) => client.committed(node, group));
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

  async #join(owned: TopicPartition[]): Promise<TopicPartition[]> {
    const { joinClient, topics, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options;
    this.#joining = true;
    const answer = this.#coordinator.ask(async (node) => {
      await joinClient.cluster([]); // Where that broker is.
      const { group, generation } = this.#member;
      const joined = await joinClient.join(node, {
        ...this.#member,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        protocol: protocolName,
        metadata: encodeClaim({ topics: [...topics], owned, generation }),
      });
      this.#member = { group, memberId: joined.memberId, generation: joined.generation };
      const leads = joined.leaderId === joined.memberId;
      if (!leads) this.#leader.retire();
      const assignments = leads ? await this.#leader.assign(joined.members) : [];
      return decodeAssignment(await joinClient.sync(node, this.#member, protocolName, assignments));
    });
    return await answer.finally(() => {
      this.#joining = false;
    });
  }

  async #beatUntilRebalance(): Promise<void> {
    const { signal } = this.#abort;
    // The leader looks about once in a session.
    const beatsPerLook = Math.ceil(this.#options.sessionTimeoutMs / this.#heartbeatMs);
    for (let beats = 1; !signal.aborted; beats += 1) {
      await sleep(this.#heartbeatMs, signal);
      if (signal.aborted) return;
      await this.#beat();
      if (beats % beatsPerLook === 0 && (await this.#leader.haveTopicsGrown())) return;
    }
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
      const { client } = this.#options;
      await this.#coordinator.ask((node) => client.heartbeat(node, this.#member));
      this.#trouble = undefined;
      this.#backoff.reset();
    } catch (error) {
      if (!isPassing(error)) throw error;
      await this.#pause(error, this.#backoff.nextMs());
    }
  }

  #fence(error: unknown): void {
    const { group, assignee, report } = this.#options;
    const isUnknown = reasonOf(error) === 'UNKNOWN_MEMBER_ID';
    this.#member = { group, memberId: isUnknown ? '' : this.#member.memberId, generation: -1 };
    if (assignee.owned().length > 0) report({ type: 'fenced', group, reason: reasonOf(error) });
    assignee.lose();
  }
}
