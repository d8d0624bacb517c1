import {
  type DeliveredMessage,
  partitionName,
  type Subscription,
  type TopicPartition,
} from '@spillway/broker';
import { fullJitterMs, wait } from '@spillway/resilience';
import { positionsToCommit } from './commit.ts';
import type { ConsumerLimits } from './config.ts';
import type { ConsumerEvent } from './consumer-event.ts';
import { type ConsumerStats, count } from './consumer-stats.ts';
import type { Applied, Delivery } from './delivery.ts';
import { firstRetries, InHand, type Retry } from './in-hand.ts';
import { Item, nameOf } from './item.ts';
import type { Rewinder } from './rewind.ts';
import { Room } from './room.ts';
import type { StoreGate } from './store-gate.ts';
import type { Trail } from './trail.ts';

export interface LoopOptions {
  subscription: Subscription;
  group: string;
  limits: ConsumerLimits;
  gate: StoreGate;
  delivery: Delivery;
  rewinder: Rewinder;
  trail: Trail | undefined;
  stats: ConsumerStats;
  /** Ends it after the batch that the sink has. */
  signal: AbortSignal;
  clock: () => number;
  random: () => number;
  /** Resolves when no operator holds it up. */
  unpaused: () => Promise<void> | undefined;
  onCommitted: () => void;
  report: ((event: ConsumerEvent) => void) | undefined;
}

/** What is in hand is at most so many batches. */
const batchesInHandMax = 4;
/** While the store cannot be asked, the broker is polled about this often, for nothing. */
const idlePollMs = 5;

/** One attempt at the store. */
interface Turn {
  items: readonly Item[];
  /** Undefined when the store has less than it had. */
  applied: Applied | undefined;
}

/**
 * A subscription at work: polls, hands over, buries dead letters, commits. It never waits for a
 * store: what the store does not take stays in hand, its partitions are paused, and polls go on, so
 * that the group keeps its member and gets its partitions back at once when it wants them.
 */
export class Loop {
  readonly #options: LoopOptions;
  readonly #hand = new InHand();
  /** Polled by the fetch under way, or by the last one, and not in hand yet. */
  #fetched: Item[] = [];
  #round: Promise<void> = Promise.resolve();
  #burying = new AbortController();
  #isPaused = false;
  /** Something in hand had no room in the last batch, or is not finished. */
  #hasMore = false;
  #dueItems = 0;
  readonly #room: Room;
  /** Looking for poison takes the whole batch and what comes after it, not a probe. */
  #wantsAll = false;
  #heldReason: string | undefined;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#room = new Room(options);
  }

  /** Partitions that wait for the store to take their next message, and why. */
  get held(): { partitions: number; reason: string | undefined } {
    return { partitions: this.#hand.waiting, reason: this.#heldReason };
  }

  async run(): Promise<void> {
    const { signal, rewinder, subscription } = this.#options;
    let upcoming = this.#fetch();
    while (!signal.aborted) {
      await upcoming;
      this.#hand.add(this.#fetched);
      await this.#options.unpaused();
      if (signal.aborted) return;
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
   * Before partitions move: the attempt under way is finished and committed, the rest is dropped. At
   * once: a partition that was lost may be back, and polled anew, before the attempt is over.
   */
  async giveUp(partitions: readonly TopicPartition[]): Promise<void> {
    const names = new Set(partitions.map(partitionName));
    for (const name of names) this.#hand.drop(name);
    this.#fetched = this.#fetched.filter((item) => !names.has(partitionName(item)));
    this.#burying.abort();
    await this.#round.catch(() => undefined); // The loop reports it.
    this.#burying = new AbortController();
    for (const partition of partitions) this.#options.rewinder.forget(partition);
  }

  #read(): Promise<void> {
    const read = this.#fetch();
    read.catch(() => undefined); // The next round awaits it and throws what it threw.
    return read;
  }

  async #fetch(): Promise<void> {
    const { subscription, limits, signal, gate, group } = this.#options;
    const { batchBytesMax, gatherMs } = limits;
    const take = (polled: readonly DeliveredMessage[]): void => {
      const items = polled.map((message) => new Item(message, group));
      this.#fetched.push(...items);
      this.#room.decodeAhead(items, this.#hand.items);
    };
    this.#fetched = [];
    this.#pauseOrResume();
    const messages = await subscription.poll({
      ...{ bytesMax: batchBytesMax, signal },
      waitMs: this.#waitMs(),
    });
    take(messages);
    const bytes = messages.reduce((sum, { value }) => sum + value.byteLength, 0);
    const bytesMax = batchBytesMax - bytes;
    const isSmall = messages.length > 0 && bytesMax > bytes && !gate.failing && !this.#hasMore;
    if (isSmall && (await wait(gatherMs, signal))) {
      take(await subscription.poll({ bytesMax, waitMs: 0, signal }));
    }
  }

  /** Polls go on while all is paused: partitions that came meanwhile are paused, too. */
  #pauseOrResume(): void {
    const { subscription, gate, limits } = this.#options;
    const isFull = this.#hand.bytes >= batchesInHandMax * limits.batchBytesMax;
    const assigned = subscription.assigned();
    if (isFull || (gate.failing && !this.#wantsAll)) {
      subscription.pause(assigned);
      this.#isPaused = true;
    } else if (this.#isPaused) {
      subscription.resume(assigned.filter((each) => !this.#hand.isWaiting(each)));
      this.#isPaused = false;
    }
  }

  #waitMs(): number {
    const { limits, gate } = this.#options;
    if (this.#hasMore && !gate.failing) return 0;
    if (gate.failing) return Math.min(limits.pollWaitMs, Math.max(gate.waitMs, idlePollMs));
    return this.#hand.waiting ? Math.min(limits.pollWaitMs, limits.retryBaseMs) : limits.pollWaitMs;
  }

  async #turn(): Promise<void> {
    const { gate, subscription, rewinder, trail } = this.#options;
    if (!gate.admits) return;
    const next = this.#next();
    if (!next.length && rewinder.isSettled(subscription)) return;
    const offer = () => this.#offer(next);
    await (trail ? trail.hold(next.map(nameOf), offer) : offer());
  }

  async #offer(due: readonly Item[]): Promise<void> {
    const { gate } = this.#options;
    const next = await this.#room.take(due, this.#hand.items);
    this.#hasMore = next.length < this.#dueItems;
    const { items, applied } = await gate.run(
      () => this.#attempt(next),
      (turn) => turn.applied?.trouble,
    );
    this.#wantsAll = applied?.unclear === true;
    if (!applied) return this.#startOver();
    if (applied.trouble) this.#tellTrouble(applied.trouble);
    await this.#finish(items, applied);
  }

  #next(): Item[] {
    this.#dueItems = 0;
    const { gate, clock, subscription, trail } = this.#options;
    const ours = new Set(subscription.assigned().map(partitionName));
    for (const item of trail?.haveToWait ? this.#hand.items : []) {
      if (trail?.hasToWait(nameOf(item))) ours.delete(partitionName(item));
    }
    if (gate.state !== 'closed' && !this.#wantsAll) return this.#hand.probe(ours);
    const due = this.#hand.due(clock()).filter((item) => ours.has(partitionName(item)));
    this.#dueItems = due.length;
    // What may have ended this process before is alone in hand now.
    const suspect = trail?.isCareful ? due.findIndex((item) => trail.isSuspect(nameOf(item))) : -1;
    return suspect < 0 ? due : due.slice(0, Math.max(1, suspect));
  }

  async #attempt(next: readonly Item[]): Promise<Turn> {
    const { rewinder, subscription, delivery } = this.#options;
    let moved: ReadonlySet<string>;
    try {
      moved = await rewinder.settle(subscription);
    } catch (error) {
      const trouble = error as Error;
      return { items: [], applied: { outcomes: new Map(), poison: [], trouble } };
    }
    for (const name of moved) this.#hand.drop(name);
    const items = next.filter((item) => !moved.has(partitionName(item)));
    return { items, applied: await delivery.apply(items, this.#ending) };
  }

  /** Aborted when it stops, or when partitions are given up. */
  get #ending(): AbortSignal {
    return AbortSignal.any([this.#options.signal, this.#burying.signal]);
  }

  #startOver(): void {
    const { rewinder, subscription } = this.#options;
    rewinder.startOver();
    this.#hand.clear();
    subscription.resume(subscription.assigned());
  }

  #tellTrouble(error: Error): void {
    const { gate, group, rewinder, stats, report } = this.#options;
    rewinder.forgetAll();
    stats.retries++;
    const { failures: attempt, waitMs } = gate;
    report?.({ type: 'sink-unavailable', group, attempt, waitMs, error });
  }

  async #finish(items: readonly Item[], applied: Applied): Promise<void> {
    const { subscription, delivery, limits, stats, gate } = this.#options;
    const { outcomes, poison, trouble, reason = '' } = applied;
    if (trouble && outcomes.size === 0) return;
    if (applied.isUnfinished) {
      this.#hasMore = true;
      return;
    }
    const unasked = { afterMs: limits.retryBaseMs, reason };
    const retries = firstRetries(items, outcomes, unasked);
    const isDone = (item: Item): boolean => {
      const retry = retries.get(partitionName(item));
      return retry === undefined || item.position < retry.position;
    };
    const done = items.filter(isDone);
    const refused = poison.filter(isDone);
    if (!(await delivery.bury(done, outcomes, this.#ending))) return;
    const failure = await delivery.refuse(refused);
    if (failure) {
      // Their letters are there; the next attempt begins with them again.
      const again = { ...unasked, reason: failure.message };
      for (const item of refused) {
        retries.set(partitionName(item), { position: item.position, ...again });
      }
      return this.#settle(items, retries);
    }
    const positions = positionsToCommit(items, isDone);
    if (positions.length) await subscription.commit(positions);
    this.#options.trail?.passed(done.map(nameOf));
    const waited = new Set(positions.filter((each) => this.#hand.isWaiting(each)));
    for (const position of positions) this.#hand.done(position, position.position);
    for (const each of waited) if (!this.#isPaused) subscription.resume([each]);
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
  #settle(items: readonly Item[], retries: ReadonlyMap<string, Retry>): void {
    const { subscription, limits, clock, random, stats, group, report } = this.#options;
    const { retryBaseMs: baseMs, retryMaxMs: maxMs } = limits;
    this.#heldReason = undefined;
    for (const [partition, [first]] of Map.groupBy(items, partitionName)) {
      const retry = retries.get(partition);
      if (!retry || !first) continue;
      const { reason, afterMs } = retry;
      let waitMs = 0;
      const isHeld = this.#hand.hold(first, (times) => {
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
