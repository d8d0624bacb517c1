import { LeasedQuota } from '@spillway/resilience';
import Bottleneck from 'bottleneck';
import { Redis } from 'ioredis';
import { optionsOf } from './client.ts';
import type { RedisConfig } from './config.ts';
import { QuotaReservoir } from './quota-reservoir.ts';

/** Bottleneck refills at its heartbeat at the latest, which beats every 5 s. */
const refillMs = 5_000;

export type QuotaLeasesOptions = RedisConfig & {
  /** 0 to 1: the part of each quota that this process spends while Redis is away. */
  localShare: number;
  nowMs?: () => number;
};

export interface QuotaLeases {
  /** Does not wait for a Redis that is away. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Shared by all processes that ask for the name; made once per name. Only after `start`. */
  quota(name: string, ratePerSecond: number): LeasedQuota;
  health(): { ok: boolean; detail: string };
}

/** Quotas that gateways share: spent locally, leased in parts. Does no I/O before `start`. */
export function createQuotaLeases(options: QuotaLeasesOptions): QuotaLeases {
  return new Leases(options);
}

class Leases implements QuotaLeases {
  readonly #options: QuotaLeasesOptions;
  readonly #quotas = new Map<string, LeasedQuota>();
  #redis: Redis | undefined;
  #connection: Bottleneck.IORedisConnection | undefined;
  #trouble: string | undefined = 'not connected';

  constructor(options: QuotaLeasesOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const options = optionsOf(this.#options, 'spillway-quotas');
    // Bottleneck reads replies of the older protocol, and waits for connections without asking.
    const redis = new Redis(this.#options.url, { ...options, protocol: 2, lazyConnect: false });
    redis.on('error', (error) => {
      this.#trouble = error.message;
    });
    redis.on('ready', () => {
      this.#trouble = undefined;
    });
    this.#redis = redis;
    this.#connection = new Bottleneck.IORedisConnection({ client: redis });
    this.#connection.on('error', () => undefined); // Told by `health` and by each lease.
  }

  async stop(): Promise<void> {
    this.#quotas.clear();
    await this.#connection?.disconnect(false);
    this.#connection = undefined;
    this.#redis = undefined;
  }

  quota(name: string, ratePerSecond: number): LeasedQuota {
    const known = this.#quotas.get(name);
    if (known) return known;
    if (!this.#connection) throw new Error('quota leases are not started');
    const { keyPrefix, commandTimeoutMs, localShare, nowMs } = this.#options;
    const reservoir = new QuotaReservoir({
      connection: this.#connection,
      id: `${keyPrefix}{quota}:${name}:${ratePerSecond}`,
      amount: Math.round((ratePerSecond * refillMs) / 1_000),
      refillMs,
      timeoutMs: commandTimeoutMs,
    });
    const quota = new LeasedQuota({
      reservoir,
      ratePerSecond,
      refillMs,
      localShare,
      nowMs: nowMs ?? (() => performance.now()),
    });
    this.#quotas.set(name, quota);
    return quota;
  }

  health(): { ok: boolean; detail: string } {
    const trouble = this.#redis ? this.#trouble : 'not started';
    return trouble
      ? { ok: false, detail: `quotas fall back to the local share: ${trouble}` }
      : { ok: true, detail: 'connected' };
  }
}
