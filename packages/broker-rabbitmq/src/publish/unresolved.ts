import { type OutgoingMessage, partitionName } from '@spillway/broker';
import type { RabbitMqEvent } from '../config.ts';

/** Messages without a known outcome, reported once for each partition and cause, not one by one. */
export class Unresolved {
  readonly #report: (event: RabbitMqEvent) => void;
  #noted: { at: OutgoingMessage; message: string }[] = [];

  constructor(report: (event: RabbitMqEvent) => void) {
    this.#report = report;
  }

  /** What is noted in one turn is reported together. */
  note(at: OutgoingMessage, message: string): void {
    if (this.#noted.length === 0) queueMicrotask(() => this.#flush());
    this.#noted.push({ at, message });
  }

  #flush(): void {
    const groups = Map.groupBy(this.#noted, ({ at, message }) => `${partitionName(at)} ${message}`);
    this.#noted = [];
    for (const those of groups.values()) {
      const [{ at, message }] = those as [(typeof those)[number]];
      const { topic, partition } = at;
      const messages = those.length;
      this.#report({ type: 'unresolved', topic, partition, messages, message });
    }
  }
}
