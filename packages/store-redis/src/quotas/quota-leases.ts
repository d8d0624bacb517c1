import { LeasedQuota, type Quota, type QuotaLimit, type Quotas } from '@spillway/resilience';
import type Bottleneck from 'bottleneck';
import type { Redis } from 'ioredis';
import { optionsOf } from '../client.ts';
import type { RedisConfig } from '../config.ts';
import { connectQuotas } from './quota-connection.ts';
import { QuotaMembers } from './quota-members.ts';
import { QuotaReservoir } from './quota-reservoir.ts';

/** What an operator should know of the shared quotas. */
export type QuotaLeasesEvent =
  /** Redis does not answer: each process spends its share, until `quotas-shared`. */
  | { type: 'quotas-local'; share: number; reason: string }
  | { type: 'quotas-shared'; gateways: number };

/** Options of quotas that all gateways share through Redis. */
export type QuotaLeasesOptions = RedisConfig & {
  /** Processes that share the quotas, to be reckoned with while Redis was never reached. */
  gatewaysAssumed: number;
  report?: (event: QuotaLeasesEvent) => void;
  /** Monotonic milliseconds. */
  nowMs?: () => number;
};

/** Quotas that all gateways share through Redis. */
export interface QuotaLeases extends Quotas {
  /** Does not wait for a Redis that is away. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Always well: the detail says when it spends its own share. */
  health(): { ok: true; detail: string };
}

/** Quotas that processes share: spent locally, leased in parts. Does no I/O before `start`. */
export function createQuotaLeases(options: QuotaLeasesOptions): QuotaLeases {
  return new Leases(options);
}

const beatMs = 2_000;
/** A lease, or a beat, that takes longer counts as failed. */
const answerMsMax = 500;
/** A quota that leased nothing for so long is not listened to in Redis any more. */
const idleMs = 30_000;

interface Opened {
  limit: QuotaLimit;
  quota: LeasedQuota;
  reservoir: QuotaReservoir;
}

class Leases implements QuotaLeases {
  readonly #options: QuotaLeasesOptions;
  readonly #nowMs: () => number;
  readonly #members: QuotaMembers;
  readonly #opened = new Set<Opened>();
  #redis: Redis | undefined;
  #connection: Bottleneck.IORedisConnection | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Why it spends its own share; undefined while it leases. */
  #trouble: string | undefined = 'not started';

  constructor(options: QuotaLeasesOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    const { keyPrefix, gatewaysAssumed: atFirst } = options;
    this.#members = new QuotaMembers({ keyPrefix, atFirst, nowMs: this.#nowMs });
  }

  async start(): Promise<void> {
    const { url, commandTimeoutMs } = this.#options;
    const options = optionsOf(this.#options, 'spillway-quotas');
    const { redis, connection } = connectQuotas(url, options);
    this.#redis = redis;
    this.#connection = connection;
    connection.on('error', (error) => {
      if (this.#redis) this.#lose(error.message);
    });
    const ready = new Promise((resolve) => redis.once('ready', resolve));
    await Promise.race([ready, pause(Math.min(commandTimeoutMs, 2 * answerMsMax))]);
    await this.#beat();
    this.#timer = setInterval(() => void this.#beat(), beatMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const [redis, connection] = [this.#redis, this.#connection];
    this.#redis = undefined;
    this.#connection = undefined;
    this.#trouble = 'stopped';
    for (const { reservoir } of this.#opened) reservoir.close();
    if (redis?.status === 'ready') await inTime(this.#members.leave(redis)).catch(() => undefined);
    await connection?.disconnect(false);
  }

  open(limit: QuotaLimit): Quota & { close(): void } {
    const connection = this.#connection;
    if (!connection) throw new Error('quota leases are not started');
    const { tenant, of, ratePerSecond, burst } = limit;
    const share = (): number => 1 / this.#members.count;
    const reservoir = new QuotaReservoir({
      connection,
      // With the limit: where processes disagree for the time of a change, each keeps its own.
      id: `${this.#options.keyPrefix}{quota}:${tenant}:${of}:${ratePerSecond}:${burst}`,
      ratePerSecond,
      burst,
      share,
      timeoutMs: answerMsMax,
    });
    const leased = { lease: (wanted: number) => this.#lease(reservoir, wanted) };
    const nowMs = this.#nowMs;
    const quota = new LeasedQuota({ reservoir: leased, ratePerSecond, burst, share, nowMs });
    const opened = { limit, quota, reservoir };
    this.#opened.add(opened);
    const close = (): void => {
      this.#opened.delete(opened);
      reservoir.close();
    };
    return Object.assign(quota, { close });
  }

  stats() {
    return {
      localShare: this.#trouble === undefined ? undefined : 1 / this.#members.count,
      leased: [...this.#opened].map(({ limit: { tenant, of }, quota }) => ({
        tenant,
        of,
        amount: quota.leased,
      })),
    };
  }

  health(): { ok: true; detail: string } {
    const gateways = this.#members.count;
    const detail =
      this.#trouble === undefined
        ? `shared by ${gateways}`
        : `each of ${gateways} spends its share: ${this.#trouble}`;
    return { ok: true, detail };
  }

  async #lease(reservoir: QuotaReservoir, wanted: number): Promise<number> {
    try {
      if (this.#redis?.status !== 'ready') throw new Error('not connected');
      const granted = await reservoir.lease(wanted);
      this.#regain();
      return granted;
    } catch (error) {
      this.#lose((error as Error).message);
      throw error;
    }
  }

  async #beat(): Promise<void> {
    const redis = this.#redis;
    if (!redis) return;
    const idleAt = this.#nowMs() - idleMs;
    for (const { quota, reservoir } of this.#opened) {
      if (quota.askedMs < idleAt) reservoir.close();
    }
    try {
      await inTime(this.#members.beat(redis));
      this.#regain();
    } catch (error) {
      this.#members.missed();
      this.#lose((error as Error).message);
    }
  }

  #lose(reason: string): void {
    const wasWell = this.#trouble === undefined || this.#trouble === 'not started';
    if (!this.#redis) return;
    this.#trouble = reason;
    const share = 1 / this.#members.count;
    if (wasWell) this.#options.report?.({ type: 'quotas-local', share, reason });
  }

  #regain(): void {
    if (this.#trouble === undefined || !this.#redis) return;
    this.#trouble = undefined;
    this.#options.report?.({ type: 'quotas-shared', gateways: this.#members.count });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function inTime<T>(work: Promise<T>): Promise<T> {
  const late = pause(answerMsMax).then(() => {
    throw new Error(`no answer in ${answerMsMax} ms`);
  });
  return Promise.race([work, late]);
}
