import type { OutgoingMessage, PublishOutcome } from '@spillway/broker';

/** What either driver's producer does; `publish` keeps the promises of the broker port. */
export interface ProducePort {
  /** Resolves when a broker has answered; rejects when none does in good time. */
  start(): Promise<void>;
  /** Idempotent, safe before start; flushes what was handed over, within a bound. */
  stop(): Promise<void>;
  publish(messages: readonly OutgoingMessage[], abort?: AbortSignal): Promise<PublishOutcome[]>;
  health(): { ok: boolean; detail: string };
}
