import { epochMax } from '../identity/identity.ts';
import {
  type Attempt,
  abandon,
  isFinal,
  isProven,
  type ProducerBatch,
  type Refusal,
  rejected,
  type Slot,
  unavailable,
} from './producer-batch.ts';
import type { Verdict } from './verdict.ts';

/** A leader remembers this many batches of a producer, so a retry among them is known. */
const inFlightMax = 5;
/**
 * A leader that never saw a producer, or forgot it (`producer.id.expiration.ms`, a day by default),
 * takes any sequence. So nothing follows the first batch before that one is acknowledged.
 */
const rememberedMs = 10 * 60_000;
const sequenceMask = 0x7fff_ffff;

export interface PartitionProducerOptions {
  backoffMs: (failures: number) => number;
  /** False: not yet; see `Identity`. */
  mayUse: (producerId: bigint, epoch: number) => boolean;
}

/**
 * One partition's batches under one producer id: their sequences, what is in flight, and what to do
 * when an attempt fails. Pure: it neither sends nor waits. Times are monotonic milliseconds.
 *
 * Attempts go in rounds. When one of a round fails, nothing more is sent until each has its answer;
 * then all go again, in order, with the same sequences. A leader takes a batch only right behind
 * the previous one, and knows the last five again, which decides:
 * - what is certainly not in the log has nothing of its epoch behind it in the log either;
 * - what lies before an acknowledged batch is in the log;
 * - a round of nothing but gaps is not in the log: its last batch there would be known again.
 *
 * Where sequences can no longer follow each other, the epoch is raised here, for this partition
 * (same producer id, sequence 0), as the Java client does without transactions: once a batch of the
 * later epoch is in the log, the leader rejects whatever of the earlier one arrives, so late bytes
 * may land before newer ones, never behind. InitProducerId would not do: without a transactional id
 * brokers answer it with a fresh id, which fences nothing.
 */
export class PartitionProducer<B extends ProducerBatch<B>> {
  readonly #backoffMs: (failures: number) => number;
  readonly #mayUse: (producerId: bigint, epoch: number) => boolean;
  #waiting: B[] = [];
  #flight: Slot<B>[] = [];
  #identity: { producerId: bigint; epoch: number } | undefined;
  #sequence = 0;
  #provenMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  /** The epoch must rise before anything new is sent. */
  #stale = false;
  /** The leader took a batch behind one that it had not: it had forgotten the producer. */
  #skipped = false;

  constructor(options: PartitionProducerOptions) {
    this.#backoffMs = options.backoffMs;
    this.#mayUse = options.mayUse;
  }

  get idle(): boolean {
    return this.#waiting.length === 0 && this.#flight.length === 0;
  }

  /** Attempts without an answer. */
  get sent(): number {
    let sent = 0;
    for (const { state } of this.#flight) if (state === 'sent') sent += 1;
    return sent;
  }

  /** At first, and when the epochs of the id are used up. */
  get needsIdentity(): boolean {
    return this.#identity === undefined;
  }

  identify(identity: { producerId: bigint; epoch: number }): void {
    this.#identity = identity;
    this.#restart();
  }

  add(batch: B): void {
    this.#waiting.push(batch);
  }

  /** The next attempt to send now, if any; it counts as sent from here on. */
  next(nowMs: number): Attempt<B> | undefined {
    if (nowMs < this.#notBeforeMs) return undefined;
    let ready: Slot<B> | undefined;
    for (const slot of this.#flight) {
      if (slot.state === 'answered') return undefined;
      if (slot.state === 'ready') ready ??= slot;
    }
    const slot = ready ?? this.#open(nowMs);
    if (slot !== undefined) slot.state = 'sent';
    return slot;
  }

  /** What became of an attempt. One that is no longer in flight was settled by a later answer. */
  answer(attempt: Attempt<B>, verdict: Verdict, nowMs: number): void {
    const slot = this.#flight.find((candidate) => candidate === attempt);
    if (slot === undefined) return;
    slot.state = 'answered';
    slot.verdict = verdict;
    if (verdict.kind === 'again') slot.perhaps ||= verdict.perhaps;
    if (verdict.kind === 'durable') this.#acknowledge(slot, verdict.baseOffset, nowMs);
    if (this.sent === 0) this.#endRound(nowMs);
  }

  /**
   * Refuses what waited for too long, and gives up what is in flight for too long. True: attempts
   * are still without an answer; close their connection, answer them and call this again.
   */
  expire(nowMs: number): boolean {
    const late = ({ deadlineMs }: B) => deadlineMs <= nowMs;
    this.#refuseWaiting(late, unavailable('No leader took it in time'));
    if (!this.#flight.some(({ batch }) => late(batch))) return false;
    if (this.sent > 0) return true;
    this.giveUp(unavailable('Not resolved in time'));
    return false;
  }

  /** A batch that waits has no time left, one in flight `graceMs`. */
  hurry(batch: B, nowMs: number, graceMs: number): void {
    const endMs = this.#waiting.includes(batch) ? nowMs : nowMs + graceMs;
    batch.deadlineMs = Math.min(batch.deadlineMs, endMs);
  }

  /**
   * Settles everything; no attempt may be without its answer. What waits is refused too, so that
   * the caller can keep it behind what is unknown.
   */
  giveUp(refusal: Refusal): void {
    const flight = this.#flight;
    this.#flight = [];
    if (flight.length > 0) this.#raiseEpoch();
    for (const slot of flight) abandon(slot, refusal);
    this.#refuseWaiting(() => true, refusal);
  }

  #open(nowMs: number): Slot<B> | undefined {
    const busy = this.#flight.length;
    const remembered = nowMs - this.#provenMs < rememberedMs;
    const follows = this.#failures === 0 && !this.#stale && remembered;
    if (busy >= inFlightMax || (busy > 0 && !follows)) return undefined;
    if (this.#stale) this.#raiseEpoch();
    if (this.#identity === undefined || this.#waiting.length === 0) return undefined;
    if (!this.#mayUse(this.#identity.producerId, this.#identity.epoch)) return undefined;
    const batch = this.#waiting.shift();
    if (batch === undefined) return undefined;
    const slot: Slot<B> = {
      batch,
      producerId: this.#identity.producerId,
      epoch: this.#identity.epoch,
      sequence: this.#sequence,
      state: 'ready',
      verdict: undefined,
      perhaps: false,
    };
    this.#sequence = (this.#sequence + batch.count) & sequenceMask;
    this.#flight.push(slot);
    return slot;
  }

  #acknowledge(slot: Slot<B>, baseOffset: number | undefined, nowMs: number): void {
    const index = this.#flight.indexOf(slot);
    const before = this.#flight.slice(0, index);
    const left = before.filter((earlier) => !isProven(earlier));
    this.#flight = [...left, ...this.#flight.slice(index + 1)];
    this.#skipped ||= left.length > 0;
    this.#provenMs = nowMs;
    this.#failures = 0;
    for (const earlier of before) {
      if (isProven(earlier)) earlier.batch.settle({ status: 'durable', baseOffset: undefined });
    }
    slot.batch.settle({ status: 'durable', baseOffset });
  }

  #endRound(nowMs: number): void {
    const head = this.#flight[0];
    if (!this.#flight.some(({ state }) => state === 'answered') || head === undefined) return;
    this.#failures += 1;
    this.#notBeforeMs = nowMs + this.#backoffMs(this.#failures);
    this.#makeCertain();
    const fenced = this.#flight.filter(({ verdict }) => verdict?.kind === 'fenced');
    if (this.#skipped || fenced.some(({ perhaps }) => perhaps)) {
      this.giveUp(unavailable('The leader had forgotten this producer'));
      return;
    }
    const lost = head.verdict?.kind === 'gap' && !head.perhaps;
    if (lost || fenced.length > 0 || this.#flight.some(isFinal)) this.#renumber();
    for (const slot of this.#flight) {
      slot.state = 'ready';
      slot.verdict = undefined;
    }
  }

  /** Spreads what a round has proved. */
  #makeCertain(): void {
    let certain = this.#flight.every(({ verdict }) => verdict?.kind === 'gap');
    for (const slot of this.#flight) {
      certain ||= !slot.perhaps;
      if (certain) slot.perhaps = false;
    }
  }

  /** What is certainly not in the log waits again, for a new epoch; the rest is resolved first. */
  #renumber(): void {
    const again: B[] = [];
    const kept: Slot<B>[] = [];
    for (const slot of this.#flight) {
      if (slot.perhaps && !isFinal(slot)) kept.push(slot);
      else again.push(...rejected(slot));
    }
    this.#flight = kept;
    this.#waiting.unshift(...again);
    this.#stale = true;
  }

  #raiseEpoch(): void {
    if (this.#identity === undefined) return;
    const epoch = this.#identity.epoch + 1;
    this.#identity = epoch > epochMax ? undefined : { ...this.#identity, epoch };
    this.#restart();
  }

  #restart(): void {
    this.#sequence = 0;
    this.#provenMs = Number.NEGATIVE_INFINITY;
    this.#stale = false;
    this.#skipped = false;
  }

  #refuseWaiting(which: (batch: B) => boolean, refusal: Refusal): void {
    const refused = this.#waiting.filter(which);
    if (refused.length === 0) return;
    this.#waiting = this.#waiting.filter((batch) => !which(batch));
    for (const batch of refused) batch.settle({ status: 'refused', ...refusal });
  }
}
