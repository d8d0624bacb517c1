import { Client, type RedisConfig } from '@spillway/redis';
import {
  LeasedQuota,
  messageOf,
  type Quota,
  type QuotaLimit,
  type Quotas,
  waitAtMost,
  withTimeout,
} from '@spillway/resilience';
import { QuotaMembers } from './quota-members.ts';
import { QuotaReservoir } from './quota-reservoir.ts';

/** What an operator should know of the quotas that processes share. */
export type QuotaLeasesEvent =
  /** Redis does not answer: each process spends its share, 0 to 1, until `quotas-shared`. */
  | { type: 'quotas-local'; share: number; reason: string }
  | { type: 'quotas-shared'; gateways: number };

type QuotaLeasesOptions = RedisConfig & {
  /** How many processes are assumed to share the quotas until Redis has been reached. */
  gatewaysAssumed: number;
  report?: (event: QuotaLeasesEvent) => void;
  /** Monotonic milliseconds. */
  nowMs?: () => number;
  /** Instead of the clock of Redis, ms since 1970; equal in all processes. */
  clock?: () => number;
};

/**
 * Quotas that all processes share through one Redis. While it is away each process spends its own
 * share of the rate.
 */
export interface QuotaLeases extends Quotas {
  /** Does not wait for a Redis that is away. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Always `ok`; the detail says whether the process spends its own share, and why. */
  health(): { ok: true; detail: string };
}

/**
 * Makes quotas that are spent in memory and leased in parts from token buckets in Redis. Does no
 * I/O before `start`; `open` throws before it.
 */
export function createQuotaLeases(options: QuotaLeasesOptions): QuotaLeases {
  return new Leases(options);
}

const beatMs = 2_000;
/** A lease, or a beat, that takes longer counts as failed. */
const answerMsMax = 500;

interface Opened {
  limit: QuotaLimit;
  quota: LeasedQuota;
}

class Leases implements QuotaLeases {
  readonly #options: QuotaLeasesOptions;
  readonly #nowMs: () => number;
  readonly #members: QuotaMembers;
  readonly #opened = new Set<Opened>();
  readonly #client: Client;
  #timer: NodeJS.Timeout | undefined;
  #isStarted = false;
  /** Why it spends its own share; undefined while it leases. */
  #trouble: string | undefined = 'not started';

  constructor(options: QuotaLeasesOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    const { keyPrefix, gatewaysAssumed: atFirst } = options;
    this.#members = new QuotaMembers({ keyPrefix, atFirst, nowMs: this.#nowMs });
    const onDown = (error: Error): void => this.#lose(error.message);
    this.#client = new Client({ config: options, name: 'spillway-quotas', onDown });
  }

  async start(): Promise<void> {
    this.#isStarted = true;
    await waitAtMost(this.#client.connect(), { ms: 2 * answerMsMax });
    await this.#beat();
    this.#timer = setInterval(() => void this.#beat(), beatMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#isStarted)
      await waitAtMost(this.#members.leave(this.#client), { ms: answerMsMax }).catch(
        () => undefined,
      );
    this.#isStarted = false;
    this.#trouble = 'stopped';
    this.#client.close();
  }

  open(limit: QuotaLimit): Quota & { close(): void } {
    if (!this.#isStarted) throw new Error('quota leases are not started');
    const { tenant, of, ratePerSecond, burst } = limit;
    const share = (): number => 1 / this.#members.count;
    const reservoir = new QuotaReservoir({
      client: this.#client,
      // With the limit: where processes disagree for the time of a change, each keeps its own.
      key: `${this.#options.keyPrefix}{quota}:${tenant}:${of}:${ratePerSecond}:${burst}`,
      ratePerSecond,
      burst,
      share,
      clock: this.#options.clock,
    });
    const leased = { lease: (wanted: number) => this.#lease(reservoir, wanted) };
    const nowMs = this.#nowMs;
    const quota = new LeasedQuota({ reservoir: leased, ratePerSecond, burst, share, nowMs });
    const opened = { limit, quota };
    this.#opened.add(opened);
    const close = (): void => void this.#opened.delete(opened);
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
      const granted = await withTimeout(
        reservoir.lease(wanted),
        answerMsMax,
        'The answer of Redis',
      );
      this.#regain();
      return granted;
    } catch (error) {
      this.#lose(messageOf(error));
      throw error;
    }
  }

  async #beat(): Promise<void> {
    try {
      await withTimeout(this.#members.beat(this.#client), answerMsMax, 'The answer of Redis');
      this.#regain();
    } catch (error) {
      this.#members.missed();
      this.#lose(messageOf(error));
    }
  }

  #lose(reason: string): void {
    if (!this.#isStarted) return;
    const wasWell = this.#trouble === undefined || this.#trouble === 'not started';
    this.#trouble = reason;
    const share = 1 / this.#members.count;
    if (wasWell) this.#options.report?.({ type: 'quotas-local', share, reason });
  }

  #regain(): void {
    if (this.#trouble === undefined || !this.#isStarted) return;
    this.#trouble = undefined;
    this.#options.report?.({ type: 'quotas-shared', gateways: this.#members.count });
  }
}
