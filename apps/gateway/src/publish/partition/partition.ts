import type { PublishOutcome, TopicPartition } from '@spillway/broker';
import { isTransient, type MessageOutcome, type PendingMessage } from '../pending-request.ts';
import { canTryAgain, type PublishPolicy } from '../publish-policy.ts';
import type { Spillover } from '../spillover.ts';
import {
  initialState,
  isDirect,
  isDrained,
  type PartitionEffect,
  type PartitionEvent,
  type PartitionMode,
  type PartitionState,
  step,
} from './partition-state.ts';

export interface PartitionOptions {
  place: TopicPartition;
  policy: PublishPolicy;
  spillover: Spillover | undefined;
  publishTimeoutMs: number;
  nowMs: () => number;
  /** Called for a message that has its outcome. */
  onSettled: (message: PendingMessage) => void;
  /** Publishes to the broker at once, in this order. */
  publish: (messages: readonly PendingMessage[]) => void;
  /** Called when something waits in the spill, or may soon. */
  onSpilling: () => void;
}

/** One partition between gateway and broker: does what its state machine says. */
export class Partition {
  readonly #options: PartitionOptions;
  readonly place: TopicPartition;
  #state: PartitionState<PendingMessage>;
  #heldSinceMs = 0;
  #appended: Promise<unknown> = Promise.resolve();

  constructor(options: PartitionOptions) {
    this.#options = options;
    this.place = options.place;
    this.#state = initialState(options.spillover !== undefined);
  }

  get mode(): PartitionMode {
    return this.#state.mode;
  }

  get isDirect(): boolean {
    return isDirect(this.#state);
  }

  get isHolding(): boolean {
    return this.#state.isHolding;
  }

  get isDrained(): boolean {
    return isDrained(this.#state);
  }

  /** For how long newer messages have been held, in milliseconds. */
  get heldMs(): number {
    return this.#state.isHolding ? this.#options.nowMs() - this.#heldSinceMs : 0;
  }

  /** Resolves when what was on its way into the spill is there, or is not. */
  get appended(): Promise<unknown> {
    return this.#appended;
  }

  /** How many messages the spill has, or will have, beside these. */
  spilledBeside(messages: number): number {
    const { spilled, stuck, appending } = this.#state;
    return spilled - stuck - messages + appending;
  }

  handle(event: PartitionEvent<PendingMessage>): void {
    for (const effect of this.#step(event)) this.#perform(effect);
  }

  failed(message: PendingMessage, outcome: PublishOutcome): void {
    message.outcome = outcome;
    this.handle({ type: 'failed', message });
  }

  /**
   * Takes a message that cannot go to the broker now. True when it belongs into the spill at once:
   * the caller appends it, with those of other partitions, and hands the promise to `appending`.
   */
  divert(message: PendingMessage, outcome: PublishOutcome): boolean {
    message.outcome = outcome;
    let isForSpill = false;
    for (const effect of this.#step({ type: 'diverted', message })) {
      if (effect.type === 'append') isForSpill = true;
      else this.#perform(effect);
    }
    return isForSpill;
  }

  /** The append of these messages, in their order, has been called. */
  appending(messages: readonly PendingMessage[], outcome: Promise<MessageOutcome>): void {
    this.#appended = outcome.then((made) => {
      for (const message of messages) message.outcome = made;
      this.handle({ type: 'appended', messages, isDurable: made.status === 'spilled' });
    });
    this.#options.onSpilling();
  }

  #step(event: PartitionEvent<PendingMessage>): readonly PartitionEffect<PendingMessage>[] {
    const { state, effects } = step(this.#state, event);
    if (state.isHolding && !this.#state.isHolding) this.#heldSinceMs = this.#options.nowMs();
    this.#state = state;
    return effects;
  }

  #perform(effect: PartitionEffect<PendingMessage>): void {
    const { onSettled, publish, onSpilling, spillover } = this.#options;
    switch (effect.type) {
      case 'settle':
        for (const message of effect.messages) onSettled(message);
        return;
      case 'publish':
        publish(effect.messages);
        return;
      case 'retry':
        void this.#retry(effect.messages);
        return;
      case 'append':
        this.appending(effect.messages, (spillover as Spillover).append(effect.messages));
        return;
      case 'drain':
        onSpilling();
    }
  }

  async #retry(messages: readonly PendingMessage[]): Promise<void> {
    const failed = [...messages].sort((a, b) => a.sequence - b.sequence);
    this.handle({ type: 'retried', left: await this.#tryAgain(failed) });
  }

  /** Resolves with what is still not on the broker, in order. */
  async #tryAgain(failed: PendingMessage[]): Promise<PendingMessage[]> {
    const { policy, publishTimeoutMs, nowMs, onSettled } = this.#options;
    const outcomes = failed.map(({ outcome }) => outcome as PublishOutcome);
    // All tries together have the time of one publish: the spill still has to answer in time.
    const elapsedMs = nowMs() - (failed[0] as PendingMessage).request.publishedMs;
    const leftMs = publishTimeoutMs - elapsedMs;
    if (leftMs <= 0 || !policy.admits || !canTryAgain(outcomes)) return failed;
    const results = await policy.again(failed, leftMs);
    return failed.filter((message, i) => {
      const outcome = results[i] as PublishOutcome;
      message.outcome = outcome;
      if (isTransient(outcome)) return true;
      onSettled(message);
      return false;
    });
  }
}
