import { messageOf, RetryAfter } from '@spillway/resilience';
import type { Spill, SpilledMessage, SpillStats } from '@spillway/spill';
import type { SpillConfig } from '../model/config.ts';
import { ByteGate } from './byte-gate.ts';
import { DrainRateLimiter } from './drain-rate-limiter.ts';
import { bytesOf, type MessageOutcome, type PendingMessage } from './pending-request.ts';

export interface SpilloverOptions {
  spill: Spill;
  config: SpillConfig;
  /** Bytes that all partitions together read from it at once. */
  drainBytesMax: number;
  /** Monotonic milliseconds. */
  nowMs: () => number;
  /** Milliseconds since 1970. */
  wallMs: () => number;
}

export interface SpilloverStats extends SpillStats {
  /** Age of the oldest message, since it was received; 0 when there is none. */
  oldestAgeMs: number;
  /** Beyond it nothing is taken. */
  ageMaxMs: number;
  /** Why nothing is taken; '' when it is. */
  cut: string;
  spilledMessages: number;
  drainedMessages: number;
  drainedBytes: number;
  refusedMessages: number;
}

type Refused = MessageOutcome & { status: 'unspilled' };

const watchMs = 1000;
const fullMs = 5000;
/** A drain that the arrivals outrun for so long does not keep up. */
const outrunMs = 10_000;
/** Below this share of its bound, a backlog may grow while it drains. */
const roomyShare = 0.25;
/** Share of the size at which admission stopped, below which it resumes. */
const resumeShare = 0.9;

/**
 * What the broker does not take goes here, within bytes and age. While the drain cannot keep up with
 * the arrivals, nothing more is taken: else the bound would come as a surprise.
 */
export class Spillover {
  readonly #options: SpilloverOptions;
  readonly spill: Spill;
  readonly rate: DrainRateLimiter;
  readonly gate: ByteGate;
  readonly #retryAfter: RetryAfter;
  readonly #counts = {
    spilledMessages: 0,
    drainedMessages: 0,
    drainedBytes: 0,
    refusedMessages: 0,
  };
  #cut = '';
  /** What the spill said when it was full, for a while: without new messages, nothing says more. */
  #full = '';
  #fullAtMs = 0;
  #oldestAgeMs = 0;
  #bytes = 0;
  #outrun: { sinceMs: number; bytes: number } | undefined;
  #cutBytes: number | undefined;
  #drainedAtWatch = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SpilloverOptions) {
    this.#options = options;
    this.spill = options.spill;
    const { nowMs, config } = options;
    this.#retryAfter = new RetryAfter({ nowMs });
    this.gate = new ByteGate(options.drainBytesMax);
    this.rate = new DrainRateLimiter({
      surplusBytesPerSecond: config.drainSurplusBytesPerSecond,
      nowMs,
    });
  }

  start(): void {
    this.watch();
    this.#timer = setInterval(() => this.watch(), watchMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Why it takes nothing now; '' when it does, as far as is known. */
  get cut(): string {
    return this.#cut || this.#full;
  }

  /** All durable, or none of them. The order of the calls is the order kept. Never rejects. */
  async append(messages: readonly PendingMessage[]): Promise<MessageOutcome> {
    const bytes = messages.reduce((sum, { value }) => sum + bytesOf(value), 0);
    const refused = this.#cut ? this.#refuse('spill-full', this.#cut, bytes) : undefined;
    const outcome = refused ?? (await this.#append(messages, bytes));
    if (outcome.status === 'unspilled') this.#counts.refusedMessages += messages.length;
    else this.#counts.spilledMessages += messages.length;
    return outcome;
  }

  /** On the broker: it never comes again, except after a crash right now. */
  async done(messages: readonly SpilledMessage[]): Promise<void> {
    const bytes = messages.reduce((sum, { value }) => sum + bytesOf(value), 0);
    this.#counts.drainedMessages += messages.length;
    this.#counts.drainedBytes += bytes;
    this.#retryAfter.left(bytes);
    await this.spill.done(messages);
  }

  stats(): SpilloverStats {
    const oldestAgeMs = this.#oldestAgeMs;
    const { ageMaxMs } = this.#options.config;
    return { ...this.spill.stats(), ...this.#counts, oldestAgeMs, ageMaxMs, cut: this.cut };
  }

  /** Looks at age and growth; once a second. */
  watch(): void {
    const { wallMs, nowMs, config } = this.#options;
    if (nowMs() - this.#fullAtMs >= fullMs) this.#full = '';
    const backlog = this.spill.backlog();
    this.#bytes = backlog.reduce((sum, { bytes }) => sum + bytes, 0);
    const oldest = backlog.reduce((least, { oldestMs }) => Math.min(least, oldestMs), Infinity);
    this.#oldestAgeMs = backlog.length === 0 ? 0 : Math.max(0, wallMs() - oldest);
    if (this.#oldestAgeMs > config.ageMaxMs) {
      this.#cut = `the oldest message in the spill is older than gateway.spill.ageMaxMs (${config.ageMaxMs})`;
    } else if (this.#isOutrun()) {
      this.#cut = 'the broker takes less than what arrives, and the spill keeps growing';
    } else this.#cut = '';
  }

  #isOutrun(): boolean {
    const nowMs = this.#options.nowMs();
    const isDraining = this.#counts.drainedBytes > this.#drainedAtWatch;
    this.#drainedAtWatch = this.#counts.drainedBytes;
    if (this.#cutBytes !== undefined) {
      if (isDraining && this.#bytes > this.#cutBytes * resumeShare) return true;
      this.#cutBytes = undefined;
    }
    const isRoomy = this.#bytes <= this.#options.config.bytesMax * roomyShare;
    if (!isDraining || isRoomy) this.#outrun = undefined;
    else if (!this.#outrun || this.#bytes < this.#outrun.bytes) {
      this.#outrun = { sinceMs: nowMs, bytes: this.#bytes };
    } else if (nowMs - this.#outrun.sinceMs >= outrunMs) {
      this.#outrun = undefined;
      this.#cutBytes = this.#bytes;
      return true;
    }
    return false;
  }

  async #append(messages: readonly PendingMessage[], bytes: number): Promise<MessageOutcome> {
    try {
      const outcome = await this.spill.append(messages);
      if (outcome.status === 'durable') {
        this.#full = '';
        this.rate.spilled(bytes);
        return { status: 'spilled' };
      }
      const { code, message } = outcome;
      if (code !== 'busy') {
        this.#full = message;
        this.#fullAtMs = this.#options.nowMs();
      }
      const isFull = code === 'full' || code === 'disk-full' || code === 'busy';
      return this.#refuse(isFull ? 'spill-full' : 'spill-failed', message, bytes);
    } catch (error) {
      const message = messageOf(error);
      return this.#refuse('spill-failed', message, bytes);
    }
  }

  #refuse(code: Refused['code'], message: string, bytes: number): Refused {
    const retryAfterMs = this.#retryAfter.waitMs(bytes);
    return { status: 'unspilled', code, message, retryAfterMs };
  }
}
