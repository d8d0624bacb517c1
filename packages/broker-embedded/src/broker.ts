import { join } from 'node:path';
import {
  type Broker,
  BrokerError,
  type DeliveredMessage,
  type OutgoingMessage,
  type PartitionLag,
  type Position,
  type PublishOutcome,
  type ReplayFrom,
  type SubscribeOptions,
  type Subscription,
  type TopicPartition,
  type TopicSpec,
} from '@spillway/broker';
import { checkFormat, type FolderLock, nodeFiles, writeFormat } from '@spillway/journal';
import { Catalog, checkName } from './catalog.ts';
import { configOf, type EmbeddedBrokerOptions, type EmbeddedConfig } from './config.ts';
import { Member } from './consumer.ts';
import { Group } from './group.ts';
import { lagOf } from './lag.ts';
import { type Log, Logs } from './logs.ts';
import { decodeMessage } from './message.ts';
import { Offsets } from './offsets.ts';
import { Producer, refuse } from './producer.ts';
import { Retention } from './retention.ts';

const format = { name: 'spillway-broker', version: 1 };
const readBytesMax = 1024 * 1024;

/**
 * A broker in this process, on journals below one folder. Positions are journal sequences, from 0.
 * `start` throws JournalError 'locked' or 'newer-version', having changed nothing.
 */
export function createEmbeddedBroker(options: EmbeddedBrokerOptions): EmbeddedBroker {
  return new EmbeddedBroker(configOf(options, nodeFiles));
}

/** What exists between start and stop. */
interface Running {
  lock: FolderLock;
  catalog: Catalog;
  offsets: Offsets;
  logs: Logs;
  producer: Producer;
  retention: Retention;
  groups: Map<string, Group>;
}

export class EmbeddedBroker implements Broker {
  readonly name = 'embedded';
  readonly canReplay = true;
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
      this.#running = await this.#open(lock);
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

  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    const { catalog, logs } = this.#get();
    await catalog.add(topics);
    await logs.open(topics.flatMap(partitionsOf));
  }

  async topics(): Promise<TopicSpec[]> {
    return this.#get().catalog.topics();
  }

  async publish(
    messages: readonly OutgoingMessage[],
    signal?: AbortSignal,
  ): Promise<PublishOutcome[]> {
    if (this.#running === undefined || signal?.aborted) {
      const why = signal?.aborted ? 'Aborted before it began' : 'The broker is not running';
      return messages.map(() => refuse(signal?.aborted ? 'unavailable' : 'not-running', why));
    }
    const outcomes = this.#running.producer.publish(messages);
    return signal === undefined ? outcomes : untilAborted(outcomes, messages, signal);
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const { catalog, logs, groups, offsets } = this.#get();
    checkName(options.group);
    for (const topic of options.topics) catalog.partitionsOf(topic);
    const fresh = logsOf(logs, new Set(options.topics))
      .filter((log) => offsets.get(options.group, log) === undefined)
      .map(({ topic, partition, journal }) => ({
        ...{ group: options.group, topic, partition, expired: 0, committed: journal.start },
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

  async lag(group: string): Promise<PartitionLag[]> {
    const { offsets, logs } = this.#get();
    const nowMs = this.#config.clock();
    const found: PartitionLag[] = [];
    for (const offset of offsets.all()) {
      const log = offset.group === group ? logs.get(offset) : undefined;
      if (log !== undefined) found.push(await lagOf(group, log, { offset, nowMs }));
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

  read(
    from: Position,
    options: { signal?: AbortSignal; bytesMax?: number } = {},
  ): AsyncIterable<DeliveredMessage> {
    const log = this.#log(from);
    return readLog(log, { from: from.position, end: log.journal.end, ...options });
  }

  async positionAt(partition: TopicPartition, timestampMs: number): Promise<number> {
    const { journal } = this.#log(partition);
    return journal.sequenceAt(timestampMs);
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

  async #open(lock: FolderLock): Promise<Running> {
    const config = this.#config;
    const { dir, files, fsync, report, logBytesMax, messageBytesMax } = config;
    const catalog = new Catalog({ files, dir });
    await catalog.load();
    const offsets = await Offsets.open({ files, path: join(dir, 'offsets'), fsync, report });
    const logs = new Logs({ config, lock, offsets });
    try {
      await logs.open(catalog.topics().flatMap(partitionsOf));
    } catch (error) {
      await Promise.allSettled([logs.close(), offsets.close()]);
      throw error;
    }
    const groups = new Map<string, Group>();
    const retention = new Retention({ config, logs, offsets });
    const producer = new Producer({
      ...{ logs, logBytesMax, messageBytesMax },
      onDurable: (topic) => {
        for (const group of groups.values()) group.wake(topic);
      },
      onFull: () => void retention.run(),
    });
    return { lock, catalog, offsets, logs, producer, retention, groups };
  }
}

function partitionsOf({ name, partitions }: TopicSpec): TopicPartition[] {
  return Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition }));
}

function logsOf(logs: Logs, topics: ReadonlySet<string>): Log[] {
  return logs.all().filter(({ topic }) => topics.has(topic));
}

/** Undefined for a partition that the replay leaves alone. */
async function replayStart(
  { journal, topic, partition }: Log,
  from: ReplayFrom,
): Promise<number | undefined> {
  if (from === 'earliest') return journal.start;
  if ('timestampMs' in from) return journal.sequenceAt(from.timestampMs);
  const wanted = from.positions.find((at) => at.topic === topic && at.partition === partition);
  return wanted && Math.min(Math.max(wanted.position, journal.start), journal.end);
}

async function* readLog(
  log: Log,
  options: { from: number; end: number; signal?: AbortSignal; bytesMax?: number },
): AsyncGenerator<DeliveredMessage> {
  const { end, signal, bytesMax = readBytesMax } = options;
  for (let at = options.from; at < end; ) {
    signal?.throwIfAborted();
    const { entries, next } = await log.journal.read(at, { bytesMax });
    if (next === at) return;
    for (const entry of entries) if (entry.sequence < end) yield decodeMessage(entry, log);
    at = next;
  }
}

/** What was handed to the disk cannot be recalled. */
function untilAborted(
  outcomes: Promise<PublishOutcome[]>,
  messages: readonly OutgoingMessage[],
  signal: AbortSignal,
): Promise<PublishOutcome[]> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      resolve(messages.map(() => ({ status: 'unknown', message: 'Aborted while being written' })));
    };
    signal.addEventListener('abort', abort, { once: true });
    outcomes.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
