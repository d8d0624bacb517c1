import { randomUUID } from 'node:crypto';
import type { Client } from '@spillway/redis';

/** A process that has not reported for so long no longer counts. */
const aliveMs = 10_000;

/** Counts by the clock of Redis, so that those of the processes need not agree. */
const script = `
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('zadd', KEYS[1], now, ARGV[1])
redis.call('zremrangebyscore', KEYS[1], '-inf', now - ARGV[2])
redis.call('pexpire', KEYS[1], ARGV[2])
return redis.call('zcard', KEYS[1])`;

/** Counts the processes that share the quotas. */
export class QuotaMembers {
  readonly #key: string;
  readonly #nowMs: () => number;
  readonly #member = randomUUID();
  #count: number;
  #fewerSinceMs: number | undefined;

  constructor(options: { keyPrefix: string; atFirst: number; nowMs: () => number }) {
    this.#key = `${options.keyPrefix}{quota}:members`;
    this.#nowMs = options.nowMs;
    this.#count = options.atFirst;
  }

  /** The last known number, at least 1. */
  get count(): number {
    return this.#count;
  }

  /** Says that this one is alive, and counts. Throws what Redis answers. */
  async beat(client: Client): Promise<void> {
    const beat = client.run((redis) => redis.eval(script, 1, this.#key, this.#member, aliveMs));
    const count = Number(await beat);
    if (count >= this.#count) this.#fewerSinceMs = undefined;
    else {
      // A Redis that was away, or lost its memory, needs the report of every process first.
      this.#fewerSinceMs ??= this.#nowMs();
      if (this.#nowMs() - this.#fewerSinceMs < aliveMs) return;
    }
    this.#count = count;
  }

  /** Redis did not answer: what it knows is old. */
  missed(): void {
    this.#fewerSinceMs = undefined;
  }

  async leave(client: Client): Promise<void> {
    await client.run((redis) => redis.zrem(this.#key, this.#member));
  }
}
