import type { PublishOutcome, TopicPartition } from '@spillway/broker';
import { type Cargo, type CargoOutcome, isTransient } from './cargo.ts';
import { type Chain, canTryAgain } from './chain.ts';
import type { Spillover } from './spillover.ts';

/** `direct`: to the broker. `spilling`: to the spill. `draining`: to the spill, which drains. */
export type PartitionState = 'direct' | 'spilling' | 'draining';

export interface PartitionOptions {
  place: TopicPartition;
  chain: Chain;
  spillover: Spillover | undefined;
  publishTimeoutMs: number;
  nowMs: () => number;
  /** It has its outcome. */
  onArrived: (cargo: Cargo) => void;
  /** What was held goes to the broker, in this order, now. */
  sendDirect: (cargo: readonly Cargo[]) => void;
  /** Something waits in the spill, or may. */
  onSpilling: () => void;
}

/**
 * One partition between gateway and broker. A message never overtakes one that was acknowledged
 * before it came: while the outcome of older ones is open, newer ones are held; while anything waits
 * in the spill, they go behind it.
 */
export class Partition {
  readonly #options: PartitionOptions;
  readonly place: TopicPartition;
  state: PartitionState = 'direct';
  /** On the way to the broker without the spill. */
  #flying = 0;
  #holding = false;
  #heldSinceMs = 0;
  /** Not taken by the broker, until nothing flies. */
  #failed: Cargo[] = [];
  /** Came after what failed, or while the last of the spill is on its way. */
  #held: Cargo[] = [];
  #rescuing = false;
  /** On their way into the spill. */
  #appending = 0;
  #appended: Promise<unknown> = Promise.resolve();
  /** In the spill. */
  #waiting = 0;
  /** Of these, what the broker will never take: in nobody's way. */
  #stuck = 0;

  constructor(options: PartitionOptions) {
    this.#options = options;
    this.place = options.place;
  }

  get isDirect(): boolean {
    return this.state === 'direct' && !this.#holding;
  }

  get holding(): boolean {
    return this.#holding;
  }

  /** Nothing waits in the spill and nothing is on its way there. */
  get isDrained(): boolean {
    return this.#waiting <= this.#stuck && this.#appending === 0;
  }

  /** Messages that the spill has beside these. */
  waitingBeside(messages: number): number {
    return this.#waiting - this.#stuck - messages + this.#appending;
  }

  /** How long newer messages have been held. */
  get heldMs(): number {
    return this.#holding ? this.#options.nowMs() - this.#heldSinceMs : 0;
  }

  /** Resolves when what was on its way into the spill is there, or is not. */
  get appended(): Promise<unknown> {
    return this.#appended;
  }

  departed(): void {
    this.#flying += 1;
  }

  /** Call for all messages of a publish, then `landed`. */
  returned(cargo: Cargo, outcome: PublishOutcome): void {
    this.#flying -= 1;
    this.#failed.push(cargo);
    cargo.outcome = outcome;
    this.hold();
  }

  arrived(): void {
    this.#flying -= 1;
  }

  /** Newer messages are held from now on. */
  hold(): void {
    if (this.#holding) return;
    this.#holding = true;
    this.#heldSinceMs = this.#options.nowMs();
  }

  /**
   * Takes what cannot go direct. Gives back what belongs into the spill at once, behind all that
   * came before it; undefined when it is held here.
   */
  setAside(cargo: Cargo, outcome: PublishOutcome): Cargo | undefined {
    if (this.#holding) {
      this.#held.push(cargo);
      return undefined;
    }
    if (!this.#options.spillover) {
      this.#arrive(cargo, outcome);
      return undefined;
    }
    if (this.state === 'direct' && this.#flying > 0) {
      cargo.outcome = outcome;
      this.#failed.push(cargo);
      this.hold();
      return undefined;
    }
    return cargo;
  }

  /** After a publish: when nothing flies any more, what failed is tried again or spilled. */
  landed(): void {
    if (this.#flying > 0 || this.#failed.length === 0 || this.#rescuing) return;
    this.#rescuing = true;
    void this.#rescue();
  }

  /** `cargo` is of this partition, in order; its append has just been called. */
  appending(cargo: readonly Cargo[], outcome: Promise<CargoOutcome>): void {
    if (this.state === 'direct') this.state = 'spilling';
    this.#appending += cargo.length;
    this.#appended = outcome.then((made) => {
      this.#appending -= cargo.length;
      if (made.status === 'spilled') this.#waiting += cargo.length;
      for (const one of cargo) this.#arrive(one, made);
    });
    this.#options.onSpilling();
  }

  /** Found in the spill at start, or counted again. */
  recount(messages: number): void {
    this.#waiting = messages;
    this.#stuck = Math.min(this.#stuck, messages);
    if (messages > 0 && this.state === 'direct') {
      this.state = 'spilling';
      this.#options.onSpilling();
    }
  }

  /** On the broker, out of the spill. */
  drained(messages: number): void {
    this.#waiting -= messages;
    this.state = 'draining';
  }

  stuck(): void {
    this.#stuck += 1;
  }

  /** The drain begins again with the oldest. What is held goes behind it. */
  setBack(): void {
    this.#stuck = 0;
    this.state = 'spilling';
    this.letGo();
  }

  /** What is held for the last of the spill goes into the spill after all. */
  letGo(): void {
    if (!this.#holding || this.#failed.length > 0 || this.#rescuing) return;
    this.#spill(this.#held.splice(0));
  }

  /** Call when drained: what is held goes to the broker, and so does what comes. */
  becomeDirect(): void {
    this.state = 'direct';
    this.#holding = false;
    const held = this.#held.splice(0);
    if (held.length > 0) this.#options.sendDirect(held);
  }

  async #rescue(): Promise<void> {
    const failed = this.#failed.splice(0).sort((a, b) => a.sequence - b.sequence);
    const left = await this.#tryAgain(failed);
    this.#rescuing = false;
    if (this.#options.spillover && left.length > 0) {
      this.#spill([...left, ...this.#held.splice(0)]);
      return;
    }
    for (const cargo of left) this.#arrive(cargo, cargo.outcome as PublishOutcome);
    this.becomeDirect();
  }

  /** What is still not on the broker, in order. */
  async #tryAgain(failed: Cargo[]): Promise<Cargo[]> {
    const { chain, publishTimeoutMs, nowMs } = this.#options;
    const outcomes = failed.map(({ outcome }) => outcome as PublishOutcome);
    // All tries together have the time of one publish: the spill still has to answer in time.
    const leftMs = publishTimeoutMs - (nowMs() - (failed[0] as Cargo).shipment.sentMs);
    if (leftMs <= 0 || !chain.admits || !canTryAgain(outcomes)) return failed;
    const results = await chain.again(failed, leftMs);
    return failed.filter((cargo, i) => {
      const outcome = results[i] as PublishOutcome;
      const isLeft = isTransient(outcome);
      if (isLeft) cargo.outcome = outcome;
      else this.#arrive(cargo, outcome);
      return isLeft;
    });
  }

  #spill(cargo: readonly Cargo[]): void {
    this.#holding = false;
    if (cargo.length === 0) return;
    const spillover = this.#options.spillover as Spillover;
    this.appending(cargo, spillover.append(cargo));
  }

  #arrive(cargo: Cargo, outcome: CargoOutcome): void {
    cargo.outcome = outcome;
    this.#options.onArrived(cargo);
  }
}
