import { type Position, partitionName, type TopicPartition } from '@spillway/broker';
import type { DecodedMessage, LiveStore, MessageOutcome, TimeRange } from '@spillway/store';
import { Client } from './client.ts';
import type { RedisConfig } from './config.ts';
import { defaultLimits, keptMs, type LiveLimits } from './limits.ts';
import { Reader } from './reader.ts';
import { applyScript } from './script.ts';
import { type LiveCounts, newCounts } from './stats.ts';
import { generationName, Writer } from './writer.ts';

export type RedisLiveStoreOptions = RedisConfig & {
  /**
   * `log`: the broker's positions last, so they are kept beside the effects, and what Redis lost is
   * read again. `sequences`: they do not (RabbitMQ).
   */
  positions: 'log' | 'sequences';
  /** How far back the roll-ups reach; default 1 hour. */
  windowMs?: number;
  limits?: Partial<LiveLimits>;
  clock?: () => number;
  report?: (event: RedisLiveStoreEvent) => void;
};

export type RedisLiveStoreEvent =
  | { type: 'redis-down'; error: Error }
  | { type: 'redis-up' }
  /** Redis lost what it had and the broker keeps no log: `rebuild live` brings it back. */
  | { type: 'live-state-lost'; partition: string }
  /** More names in a minute than `seriesMax`: counted as `other`. Once per tenant. */
  | { type: 'series-overflowed'; tenant: string }
  /** Redis may drop keys before they expire: answers would be too low without a word. */
  | { type: 'redis-may-evict'; policy: string };

export interface RedisLiveStore extends LiveStore {
  stats(): Readonly<LiveCounts>;
}

/** Roll-ups that all projectors and consoles share. Does no I/O before `start`. */
export function createRedisLiveStore(options: RedisLiveStoreOptions): RedisLiveStore {
  return new InRedis(options);
}

class InRedis implements RedisLiveStore {
  readonly name = 'redis';
  readonly windowMs: number;
  readonly nextPositions?: (partitions: readonly TopicPartition[]) => Promise<Position[]>;
  readonly #home: string;
  readonly #kept: number;
  readonly #client: Client;
  readonly #queries: Client;
  readonly #writer: Writer;
  readonly #reader: Reader;
  readonly #counts = newCounts();

  constructor(options: RedisLiveStoreOptions) {
    const { windowMs, clock = Date.now, report = () => {}, positions } = options;
    const limits = { ...defaultLimits, ...options.limits, ...(windowMs && { windowMs }) };
    this.windowMs = limits.windowMs;
    this.#kept = keptMs(limits);
    this.#home = `${options.keyPrefix}{live}:`;
    this.#client = new Client({
      config: options,
      name: 'spillway-live',
      onDown: (error) => report({ type: 'redis-down', error }),
      onUp: () => report({ type: 'redis-up' }),
    });
    this.#queries = new Client({ config: options, name: 'spillway-live-queries' });
    const overflowed = new Set<string>();
    this.#writer = new Writer({
      client: this.#client,
      script: applyScript(limits),
      limits,
      generationsKey: `${this.#home}gens`,
      positions,
      clock,
      counts: this.#counts,
      onForgotten: (partition) => report({ type: 'live-state-lost', partition }),
      onOverflow: (tenant) => {
        if (overflowed.has(tenant)) return;
        overflowed.add(tenant);
        report({ type: 'series-overflowed', tenant });
      },
    });
    this.#reader = new Reader({
      client: this.#queries,
      home: this.#home,
      windowMs: this.windowMs,
      clock,
    });
    if (positions === 'log') this.nextPositions = (partitions) => this.#nextPositions(partitions);
  }

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

  services(query: TimeRange & { tenant: string }) {
    return this.#reader.services(query);
  }

  operations(query: TimeRange & { tenant: string; service: string }) {
    return this.#reader.operations(query);
  }

  map(query: TimeRange & { tenant: string }) {
    return this.#reader.map(query);
  }

  async reset(): Promise<void> {
    const name = generationName();
    await this.#client.run((redis) =>
      redis
        .multi()
        .del(`${this.#home}gens`)
        .hset(`${this.#home}gens`, 'current', name, 'positions', name)
        .pexpire(`${this.#home}gens`, this.#kept)
        .exec(),
    );
    this.#writer.forget();
  }

  stats(): Readonly<LiveCounts> {
    return this.#counts;
  }

  /** A partition of which nothing is known is left out. */
  async #nextPositions(partitions: readonly TopicPartition[]): Promise<Position[]> {
    const positions = await this.#client.run((redis) =>
      redis.hget(`${this.#home}gens`, 'positions'),
    );
    const found = await this.#client.pipeline<TopicPartition, string | null>(
      partitions,
      (pipeline, partition) =>
        pipeline.get(`${this.#home}at:${positions}:${partitionName(partition)}`),
    );
    return partitions.flatMap(({ topic, partition }, i) => {
      const position = found[i] ?? undefined;
      this.#writer.expect(partitionName({ topic, partition }), position);
      return position === undefined ? [] : { topic, partition, position: Number(position) };
    });
  }
}
