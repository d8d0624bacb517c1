import type { PublishOutcome } from '@spillway/broker';
import { refuse, unknown } from '../errors.ts';

/** A backlog that was full is tried again with a message, no sooner than this. */
const fullMs = 1_000;

/** Partitions that took nothing lately, since a group has too much waiting there. */
export class FullPartitions {
  readonly #untilMs = new Map<string, number>();

  /** Notes that a partition took nothing. */
  add(name: string, nowMs: number): void {
    this.#untilMs.set(name, nowMs + fullMs);
  }

  /** Whether a partition is not worth a try yet. */
  has(name: string, nowMs: number): boolean {
    return (this.#untilMs.get(name) ?? 0) > nowMs;
  }

  /** Makes the outcome of a message; unknown where another group may have it. */
  refusal(name: string, { isUnknown = false } = {}): PublishOutcome {
    const message = `A group has too much waiting in ${name}`;
    return isUnknown ? unknown(message) : refuse('log-full', message);
  }
}
