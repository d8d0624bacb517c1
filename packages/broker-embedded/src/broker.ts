import {
  type Broker,
  type BrokerCapabilities,
  BrokerError,
  type DeliveredMessage,
  type OutgoingMessage,
  type PartitionLag,
  type Position,
  type PublishOutcome,
  type ReadOptions,
  type ReplayFrom,
  type SafetyFinding,
  type SubscribeOptions,
  type Subscription,
  type TopicPartition,
  type TopicSpec,
} from '@spillway/broker';
import { checkFormat, nodeFiles, writeFormat } from '@spillway/journal';
import { waitAtMost } from '@spillway/resilience';
import { configOf, type EmbeddedBrokerOptions, type EmbeddedConfig } from './config.ts';
import { Member } from './consumer.ts';
import { Group } from './group/group.ts';
import { lagOf } from './group/lag.ts';
import { checkName } from './log/catalog.ts';
import type { Log, Logs } from './log/logs.ts';
import { readLog, replayStart } from './log/replay.ts';
import { refuse } from './producer.ts';
import { openRunning, partitionsOf, type Running } from './running.ts';

const format = { name: 'spillway-broker', version: 1 };

/**
 * A broker in this process, on journals below one folder. Positions are journal sequences, from 0.
 * `start` throws JournalError 'locked' or 'newer-version', having changed nothing.
 */
export function createEmbeddedBroker(options: EmbeddedBrokerOptions): EmbeddedBroker {
  return new EmbeddedBroker(configOf(options, nodeFiles));
}

/** The broker in the data folder: topics and partitions as journals, groups in this process. */
export class EmbeddedBroker implements Broker {
  readonly name = 'embedded';
  readonly capabilities: BrokerCapabilities = {
    canReplay: true,
    keepsPrefix: true,
    missingUpToMs: (partition) => this.#missingUpToMs(partition),
    expiredKept: async (at) => {
      const { offsets } = this.#get();
      return { before: offsets.removedBefore(at), upToMs: offsets.removedUpToMs(at) ?? 0 };
    },
  };
  readonly #config: EmbeddedConfig;
  #running: Running | undefined;

  constructor(config: EmbeddedConfig) {
    this.#config = config;
  }

  async start(): Promise<void> {
    if (this.#running !== undefined) return;
    const { dir, files } = this.#config;
    const known = await checkFormat(files, dir, format);
    await files.mkdir(dir);
    const lock = files.lock(dir);
    try {
      if (!known) await writeFormat(files, dir, format);
      this.#running = await openRunning(this.#config, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
    this.#running.retention.start();
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    const { groups, retention, logs, offsets, lock } = running;
    try {
      await retention.stop();
      const members = [...groups.values()].flatMap((group) => [...group.members]);
      await Promise.all(members.map((member) => member.close()));
      await logs.close();
      await offsets.close();
    } finally {
      lock.release();
    }
  }

  health(): { ok: boolean; detail: string } {
    if (this.#running === undefined) return { ok: false, detail: 'not running' };
    const { trouble } = this.#running.producer;
    return { ok: trouble === undefined, detail: trouble ?? 'running' };
  }

  async inspect(): Promise<SafetyFinding[]> {
    if (this.#config.fsync) return [];
    return [{ name: 'fsync', key: 'broker.embedded.fsync', wanted: 'true', got: 'false' }];
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    const { catalog, logs, groups } = this.#get();
    await catalog.add(topics);
    logs.describe(topics);
    const known = topics.map(({ name }) => ({ name, partitions: catalog.partitionsOf(name) }));
    await logs.open(known.flatMap(partitionsOf));
    await Promise.all([...groups.values()].map((group) => group.share()));
  }

  async topics(): Promise<TopicSpec[]> {
    return this.#get().catalog.topics();
  }

  async publish(
    messages: readonly OutgoingMessage[],
    abort?: AbortSignal,
  ): Promise<PublishOutcome[]> {
    if (this.#running === undefined || abort?.aborted) {
      const why = abort?.aborted ? 'Aborted before it began' : 'The broker is not running';
      return messages.map(() => refuse(abort?.aborted ? 'unavailable' : 'not-running', why));
    }
    const outcomes = this.#running.producer.publish(messages);
    if (abort === undefined) return outcomes;
    // What was handed to the disk cannot be recalled.
    const message = 'Aborted while being written';
    return (
      (await waitAtMost(outcomes, { abort })) ??
      messages.map(() => ({ status: 'unknown', message }))
    );
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const { catalog, logs, groups, offsets } = this.#get();
    checkName(options.group);
    for (const topic of options.topics) catalog.partitionsOf(topic);
    const fresh = logsOf(logs, new Set(options.topics))
      .filter((log) => offsets.get(options.group, log) === undefined)
      .map(({ topic, partition, journal }) => ({
        group: options.group,
        topic,
        partition,
        expired: 0,
        committed: journal.start,
      }));
    if (fresh.length > 0) await offsets.set(fresh);
    let group = groups.get(options.group);
    if (group === undefined) {
      group = new Group((topics) => logsOf(logs, topics));
      groups.set(options.group, group);
    }
    const joined = group;
    const { revokeMs, report } = this.#config;
    const leave = (member: Member) => joined.leave(member);
    const member = new Member({ ...options, offsets, revokeMs, report, leave });
    await joined.join(member);
    return member;
  }

  async lag(group: string, topics: readonly string[] = []): Promise<PartitionLag[]> {
    const { offsets, logs } = this.#get();
    const nowMs = this.#config.clock();
    const found: PartitionLag[] = [];
    const wanted = new Set(topics);
    for (const log of logs.all()) {
      const offset = offsets.get(group, log);
      if (!offset && !wanted.has(log.topic)) continue;
      // A group that is new begins with the oldest message.
      const { committed = log.journal.start, expired = 0 } = offset ?? {};
      found.push(await lagOf(group, log, { committed, expired, nowMs }));
    }
    return found;
  }

  async groups(): Promise<string[]> {
    const names = this.#get()
      .offsets.all()
      .map(({ group }) => group);
    return [...new Set(names)];
  }

  async replay(group: string, topic: string, from: ReplayFrom): Promise<void> {
    const { catalog, groups, logs, offsets } = this.#get();
    checkName(group);
    catalog.partitionsOf(topic);
    const changes = [];
    for (const log of logsOf(logs, new Set([topic]))) {
      const committed = await replayStart(log, from);
      if (committed === undefined) continue;
      const expired = offsets.get(group, log)?.expired ?? 0;
      changes.push({ group, topic, partition: log.partition, committed, expired });
    }
    // Asked after the reads above, so that no member can have joined meanwhile.
    if ((groups.get(group)?.members.size ?? 0) > 0) {
      throw new BrokerError('group-running', `Group ${group} has running members`);
    }
    await offsets.set(changes);
  }

  read(from: Position, options: ReadOptions = {}): AsyncIterable<DeliveredMessage> {
    const log = this.#log(from);
    return readLog(log, { from: from.position, end: log.journal.end, ...options });
  }

  async positionAt(partition: TopicPartition, timestampMs: number): Promise<number> {
    const { journal } = this.#log(partition);
    return journal.sequenceAt(timestampMs);
  }

  #missingUpToMs(partition: TopicPartition): number {
    const { journal } = this.#log(partition);
    const entries = journal.segments().reduce((sum, { from, to }) => sum + to - from, 0);
    if (journal.countFrom(0) < entries) return Number.POSITIVE_INFINITY; // A segment is damaged.
    if (journal.start === 0) return 0;
    return this.#get().offsets.removedUpToMs(partition) ?? Number.POSITIVE_INFINITY;
  }

  #get(): Running {
    if (this.#running === undefined) {
      throw new BrokerError('not-running', `The broker in ${this.#config.dir} is not running`);
    }
    return this.#running;
  }

  #log(at: TopicPartition): Log {
    const log = this.#get().logs.get(at);
    if (log !== undefined) return log;
    throw new BrokerError('unknown-topic', `No topic ${at.topic} with partition ${at.partition}`);
  }
}

function logsOf(logs: Logs, topics: ReadonlySet<string>): Log[] {
  return logs.all().filter(({ topic }) => topics.has(topic));
}
