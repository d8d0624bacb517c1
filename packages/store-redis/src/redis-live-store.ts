import { type Position, partitionName, type TopicPartition } from '@spillway/broker';
import { Client, type RedisConfig } from '@spillway/redis';
import type {
  DecodedMessage,
  LiveQuery,
  LiveStats,
  LiveStore,
  MessageOutcome,
  Rebuild,
  StoreCapabilities,
  Tail,
  TailQuery,
} from '@spillway/store';
import { storeErrorOf } from './errors.ts';
import { defaultLimits, keptMs, type LiveLimits } from './limits.ts';
import { dropKeys } from './live/drop.ts';
import { Reader } from './live/reader.ts';
import { RedisRebuild } from './live/rebuild.ts';
import type { LimitMet } from './live/reply.ts';
import { TailReader } from './live/tail.ts';
import { generationName, Writer } from './live/writer.ts';
import { applyScript } from './script.ts';
import { liveStatsOf, newCounts } from './stats.ts';

/** Options of the live store on Redis. */
export type RedisLiveStoreOptions = RedisConfig & {
  /**
   * `log`: the broker's positions last, so they are kept beside the effects, and what Redis lost is
   * read again. `sequences`: they do not (RabbitMQ); what Redis lost comes back by a rebuild.
   */
  positions: 'log' | 'sequences';
  /** How far back the roll-ups reach; default 1 hour. */
  windowMs?: number;
  /** Bytes of what Redis keeps of all tenants; default 256 MiB. One of them may have half. */
  bytesMax?: number | undefined;
  /** Equal in all processes that share the keys. */
  limits?: Partial<LiveLimits>;
  clock?: () => number;
  report?: (event: RedisLiveStoreEvent) => void;
};

/** What an operator should know of the live store on Redis. */
export type RedisLiveStoreEvent =
  | { type: 'redis-down'; error: Error }
  | { type: 'redis-up' }
  /** With `sequences` alone: Redis lost what it had, answers are too low until a rebuild. */
  | { type: 'live-state-lost'; partition: string }
  | LimitMet
  /** Redis refuses what its own limit has no room for, whoever sent it: it should be above `bytesMax`. */
  | { type: 'redis-too-small'; maxmemoryBytes: number; bytesMax: number }
  /** Redis may drop keys before they expire: answers would be too low without a word. */
  | { type: 'redis-may-evict'; policy: string };

/** Events that are reported once each; the counts include what is beyond them. */
const reportedMax = 10_000;

/** Roll-ups that all projectors and consoles share. Does no I/O before `start`. */
export function createRedisLiveStore(options: RedisLiveStoreOptions): LiveStore {
  return new InRedis(options);
}

class InRedis implements LiveStore {
  readonly name = 'redis';
  readonly capabilities: StoreCapabilities;
  readonly windowMs: number;
  readonly #home: string;
  readonly #limits: LiveLimits;
  readonly #clock: () => number;
  readonly #report: (event: RedisLiveStoreEvent) => void;
  readonly #client: Client;
  /** A connection of their own, so that a page of the console does not wait behind a batch. */
  readonly #queries: Client;
  readonly #writer: Writer;
  readonly #reader: Reader;
  readonly #tail: TailReader;
  readonly #counts = newCounts();
  readonly #reported = new Set<string>();

  constructor(options: RedisLiveStoreOptions) {
    const { windowMs, bytesMax, clock = Date.now, report = () => {}, positions } = options;
    const set = { ...(windowMs ? { windowMs } : {}), ...(bytesMax ? { bytesMax } : {}) };
    const limits = { ...defaultLimits, ...options.limits, ...set };
    this.windowMs = limits.windowMs;
    this.#limits = limits;
    this.#clock = clock;
    this.#report = report;
    this.#home = `${options.keyPrefix}{live}:`;
    this.#client = new Client({
      config: options,
      name: 'spillway-live',
      onDown: (error) => report({ type: 'redis-down', error }),
      onUp: () => this.#up(),
      failureOf: storeErrorOf,
    });
    this.#queries = new Client({
      config: options,
      name: 'spillway-live-queries',
      failureOf: storeErrorOf,
    });
    this.#writer = new Writer({
      client: this.#client,
      script: applyScript(limits),
      limits,
      generationsKey: `${this.#home}gens`,
      positions,
      clock,
      counts: this.#counts,
      onForgotten: (partition) => report({ type: 'live-state-lost', partition }),
      onLimit: (met) => this.#reportOnce(met),
    });
    const reading = { client: this.#queries, home: this.#home, limits, clock };
    this.#reader = new Reader(reading);
    this.#tail = new TailReader(reading);
    const beginRebuild = (abort?: AbortSignal) => this.#beginRebuild(abort);
    const nextPositions = (partitions: readonly TopicPartition[]) =>
      this.#nextPositions(partitions);
    this.capabilities =
      positions === 'log' ? { skipsPassed: true, nextPositions, beginRebuild } : { beginRebuild };
  }

  /** Does not wait for a Redis that is away: `health` says so, and the consumer waits. */
  async start(): Promise<void> {
    await Promise.all([this.#client.connect(), this.#queries.connect()]);
  }

  async stop(): Promise<void> {
    this.#client.close();
    this.#queries.close();
  }

  health(): { ok: boolean; detail: string } {
    const trouble = this.#client.trouble ?? this.#queries.trouble;
    return trouble ? { ok: false, detail: trouble.message } : { ok: true, detail: 'connected' };
  }

  apply(messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    return this.#writer.apply(messages);
  }

  services(query: LiveQuery) {
    return this.#reader.services(query);
  }

  operations(query: LiveQuery & { service: string }) {
    return this.#reader.operations(query);
  }

  map(query: LiveQuery) {
    return this.#reader.map(query);
  }

  tail(query: TailQuery): Promise<Tail> {
    return this.#tail.tail(query);
  }

  async #beginRebuild(abort?: AbortSignal): Promise<Rebuild> {
    const rebuild = new RedisRebuild({
      client: this.#client,
      writer: this.#writer,
      home: this.#home,
      limits: this.#limits,
      clock: this.#clock,
    });
    await rebuild.begin(abort);
    return rebuild;
  }

  async reset(): Promise<void> {
    const key = `${this.#home}gens`;
    const name = generationName();
    const old = await this.#client.run((redis) => redis.hget(key, 'current'));
    await this.#client.run((redis) =>
      redis
        .multi()
        .del(key, `${this.#home}bytes`, `${this.#home}swept`)
        .hset(key, 'current', name, 'positions', name)
        .pexpire(key, keptMs(this.#limits))
        .exec(),
    );
    this.#writer.forget();
    if (old) await dropKeys(this.#client, `${this.#home}g${old}:`);
  }

  stats(): LiveStats {
    return liveStatsOf(this.#counts);
  }

  /** A partition of which nothing is known is left out. */
  async #nextPositions(partitions: readonly TopicPartition[]): Promise<Position[]> {
    const name = await this.#client.run((redis) => redis.hget(`${this.#home}gens`, 'positions'));
    const found = await this.#client.pipeline<TopicPartition, string | null>(
      partitions,
      (pipeline, partition) => pipeline.get(`${this.#home}at:${name}:${partitionName(partition)}`),
    );
    return partitions.flatMap(({ topic, partition }, i) => {
      const position = found[i] ?? undefined;
      this.#writer.expect(partitionName({ topic, partition }), position);
      return position === undefined ? [] : { topic, partition, position: Number(position) };
    });
  }

  #up(): void {
    this.#report({ type: 'redis-up' });
    this.#checkMemory().catch(() => undefined); // Down again: checked when it is back.
  }

  async #checkMemory(): Promise<void> {
    const info = await this.#client.run((redis) => redis.info('memory'));
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction';
    const maxmemoryBytes = Number(/^maxmemory:(\d+)/m.exec(info)?.[1] ?? 0);
    const { bytesMax } = this.#limits;
    if (maxmemoryBytes === 0) return;
    if (policy !== 'noeviction') this.#report({ type: 'redis-may-evict', policy });
    if (maxmemoryBytes < bytesMax) {
      this.#report({ type: 'redis-too-small', maxmemoryBytes, bytesMax });
    }
  }

  #reportOnce(event: LimitMet): void {
    const name = `${event.type}/${event.tenant}`;
    if (this.#reported.has(name) || this.#reported.size >= reportedMax) return;
    this.#reported.add(name);
    this.#report(event);
  }
}
