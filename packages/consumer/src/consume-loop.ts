import { partitionName, type Subscription, type TopicPartition } from '@spillway/broker';
import { fullJitterMs } from '@spillway/resilience';
import { BatchPoller } from './batch-poller.ts';
import type { ConsumerLimits } from './config.ts';
import type { ConsumerEvent } from './consumer-event.ts';
import { type ConsumerStats, count } from './consumer-stats.ts';
import type { CrashRecord } from './crash-record.ts';
import { positionsToCommit } from './delivery/commit.ts';
import type { Applied, Delivery } from './delivery/delivery.ts';
import type { Rewinder } from './delivery/rewind.ts';
import type { StoreGate } from './delivery/store-gate.ts';
import { DecodeWindow } from './in-flight/decode-window.ts';
import { firstRetries, InFlight, type Retry } from './in-flight/in-flight.ts';
import { type InFlightMessage, messageNameOf } from './in-flight/in-flight-message.ts';

export interface ConsumeLoopOptions {
  subscription: Subscription;
  group: string;
  limits: ConsumerLimits;
  gate: StoreGate;
  delivery: Delivery;
  rewinder: Rewinder;
  crashRecord: CrashRecord | undefined;
  stats: ConsumerStats;
  /** Ends it after the batch that the sink has. */
  abort: AbortSignal;
  clock: () => number;
  random: () => number;
  /** Resolves when no operator holds it up. */
  unpaused: () => Promise<void> | undefined;
  onCommitted: () => void;
  report: ((event: ConsumerEvent) => void) | undefined;
}

/** One attempt at the store. */
interface Attempt {
  items: readonly InFlightMessage[];
  /** Undefined when the store has less than it had. */
  applied: Applied | undefined;
}

/**
 * A subscription at work: polls, hands over, publishes dead letters, commits. It never waits for a
 * store: what the store does not take stays in flight, its partitions are paused, and polls go on, so
 * that the group keeps its member and gets its partitions back at once when it wants them.
 */
export class ConsumeLoop {
  readonly #options: ConsumeLoopOptions;
  readonly #inFlight = new InFlight();
  readonly #room: DecodeWindow;
  readonly #poller: BatchPoller;
  #round: Promise<void> = Promise.resolve();
  #revoking = new AbortController();
  #dueItems = 0;
  #heldReason: string | undefined;

  constructor(options: ConsumeLoopOptions) {
    this.#options = options;
    this.#room = new DecodeWindow(options);
    this.#poller = new BatchPoller(options, { inFlight: this.#inFlight, room: this.#room });
  }

  /** Partitions that wait for the store to take their next message, and why. */
  get held(): { partitions: number; reason: string | undefined } {
    return { partitions: this.#inFlight.waiting, reason: this.#heldReason };
  }

  async run(): Promise<void> {
    const { abort, rewinder, subscription } = this.#options;
    let upcoming = this.#poller.poll();
    while (!abort.aborted) {
      await upcoming;
      this.#inFlight.add(this.#poller.polled);
      await this.#options.unpaused();
      if (abort.aborted) return;
      // What is polled while the position moves would be void.
      const isAlone = !rewinder.isSettled(subscription);
      if (!isAlone) upcoming = this.#read();
      this.#round = this.#turn();
      await this.#round;
      if (isAlone) upcoming = this.#read();
    }
    await upcoming;
  }

  /**
   * Before partitions move: the attempt under way is finished and committed, the rest is dropped.
   * At once: a partition that was lost may be back, and polled again, before the attempt is over.
   */
  async onRevoked(partitions: readonly TopicPartition[]): Promise<void> {
    const names = new Set(partitions.map(partitionName));
    for (const name of names) this.#inFlight.drop(name);
    this.#poller.drop(names);
    this.#revoking.abort();
    await this.#round.catch(() => undefined); // The loop reports it.
    this.#revoking = new AbortController();
    for (const partition of partitions) this.#options.rewinder.forget(partition);
  }

  #read(): Promise<void> {
    const read = this.#poller.poll();
    read.catch(() => undefined); // The next round awaits it and throws what it threw.
    return read;
  }

  async #turn(): Promise<void> {
    const { gate, subscription, rewinder, crashRecord } = this.#options;
    if (!gate.admits) return;
    const next = this.#next();
    if (!next.length && rewinder.isSettled(subscription)) return;
    const offer = () => this.#offer(next);
    await (crashRecord ? crashRecord.run(next.map(messageNameOf), offer) : offer());
  }

  async #offer(due: readonly InFlightMessage[]): Promise<void> {
    const { gate } = this.#options;
    const next = await this.#room.take(due, this.#inFlight.items);
    this.#poller.hasMore = next.length < this.#dueItems;
    const { items, applied } = await gate.run(
      () => this.#attempt(next),
      (turn) => turn.applied?.trouble,
    );
    this.#poller.wantsAll = applied?.unclear === true;
    if (!applied) return this.#startOver();
    if (applied.trouble) this.#reportTrouble(applied.trouble);
    await this.#finish(items, applied);
  }

  #next(): InFlightMessage[] {
    this.#dueItems = 0;
    const { gate, clock, subscription, crashRecord } = this.#options;
    const assigned = new Set(subscription.assigned().map(partitionName));
    for (const item of crashRecord?.haveToWait ? this.#inFlight.items : []) {
      if (crashRecord?.hasToWait(messageNameOf(item))) assigned.delete(partitionName(item));
    }
    if (gate.state !== 'closed' && !this.#poller.wantsAll) return this.#inFlight.probe(assigned);
    const due = this.#inFlight.due(clock()).filter((item) => assigned.has(partitionName(item)));
    this.#dueItems = due.length;
    // What may have ended this process before is alone in flight now.
    const suspect = crashRecord?.isCareful
      ? due.findIndex((item) => crashRecord.isSuspect(messageNameOf(item)))
      : -1;
    return suspect < 0 ? due : due.slice(0, Math.max(1, suspect));
  }

  async #attempt(next: readonly InFlightMessage[]): Promise<Attempt> {
    const { rewinder, subscription, delivery } = this.#options;
    let moved: ReadonlySet<string>;
    try {
      moved = await rewinder.settle(subscription);
    } catch (error) {
      const trouble = error as Error;
      return { items: [], applied: { outcomes: new Map(), poison: [], trouble } };
    }
    for (const name of moved) this.#inFlight.drop(name);
    const items = next.filter((item) => !moved.has(partitionName(item)));
    return { items, applied: await delivery.apply(items, this.#ending) };
  }

  /** Aborted when it stops, or when partitions are given up. */
  get #ending(): AbortSignal {
    return AbortSignal.any([this.#options.abort, this.#revoking.signal]);
  }

  #startOver(): void {
    const { rewinder, subscription } = this.#options;
    rewinder.startOver();
    this.#inFlight.clear();
    subscription.resume(subscription.assigned());
  }

  #reportTrouble(error: Error): void {
    const { gate, group, rewinder, stats, report } = this.#options;
    rewinder.forgetAll();
    stats.retries++;
    const { failures: attempt, waitMs } = gate;
    report?.({ type: 'sink-unavailable', group, attempt, waitMs, error });
  }

  async #finish(items: readonly InFlightMessage[], applied: Applied): Promise<void> {
    const { subscription, delivery, limits, stats, gate } = this.#options;
    const { outcomes, poison, trouble, reason = '' } = applied;
    if (trouble && outcomes.size === 0) return;
    if (applied.isUnfinished) {
      this.#poller.hasMore = true;
      return;
    }
    const unasked = { afterMs: limits.retryBaseMs, reason };
    const retries = firstRetries(items, outcomes, unasked);
    const isDone = (item: InFlightMessage): boolean => {
      const retry = retries.get(partitionName(item));
      return retry === undefined || item.position < retry.position;
    };
    const done = items.filter(isDone);
    const refused = poison.filter(isDone);
    if (!(await delivery.publishDeadLetters(done, outcomes, this.#ending))) return;
    const failure = await delivery.refuse(refused);
    if (failure) {
      // Their dead letters are there; the next attempt begins with them again.
      const again = { ...unasked, reason: failure.message };
      for (const item of refused) {
        retries.set(partitionName(item), { position: item.position, ...again });
      }
      return this.#settle(items, retries);
    }
    const positions = positionsToCommit(items, isDone);
    if (positions.length) await subscription.commit(positions);
    this.#options.crashRecord?.succeeded(done.map(messageNameOf));
    const waited = new Set(positions.filter((each) => this.#inFlight.isWaiting(each)));
    for (const position of positions) this.#inFlight.done(position, position.position);
    for (const each of waited) if (!this.#poller.isPaused) subscription.resume([each]);
    this.#options.onCommitted();
    count(stats, done, outcomes);
    gate.judge(
      done.some(({ isRelevant }) => isRelevant),
      retries.values().next().value?.reason,
    );
    // Otherwise the gate says when.
    if (!trouble) this.#settle(items, retries);
  }

  /** Holds the partitions of which the sink wants something again; the others go on. */
  #settle(items: readonly InFlightMessage[], retries: ReadonlyMap<string, Retry>): void {
    const { subscription, limits, clock, random, stats, group, report } = this.#options;
    const { retryBaseMs: baseMs, retryMaxMs: maxMs } = limits;
    this.#heldReason = undefined;
    for (const [partition, [first]] of Map.groupBy(items, partitionName)) {
      const retry = retries.get(partition);
      if (!retry || !first) continue;
      const { reason, afterMs } = retry;
      let waitMs = 0;
      const isHeld = this.#inFlight.hold(first, (times) => {
        waitMs = Math.max(afterMs, baseMs, fullJitterMs(times, { baseMs, maxMs, random }));
        return clock() + waitMs;
      });
      // Given up meanwhile: it is read again, here or elsewhere.
      if (!isHeld) continue;
      subscription.pause([first]);
      stats.retries++;
      this.#heldReason = reason;
      report?.({ type: 'partition-held', group, partition, reason, waitMs });
    }
  }
}
