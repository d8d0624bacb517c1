import { messageName, resubmitGateway } from '@spillway/broker';
import { NameSet } from '@spillway/dead-letters';
import type { Observation, SinkSpec } from '@spillway/ledger';
import { GoneRecords, type RemovedDeadLetters } from './expired-dead-letters.ts';

interface OfSink {
  names: NameSet;
  gone: GoneRecords;
}

/** Dead letters of some minutes that were sent back, by sink: they wait again, or were applied. */
export class SentBack {
  readonly #bySink = new Map<string, OfSink>();
  readonly #removed: Pick<RemovedDeadLetters, 'has'>;

  constructor(removed: Pick<RemovedDeadLetters, 'has'>) {
    this.#removed = removed;
  }

  /** Notes those among the messages; one that was seen before counts once. */
  see(sink: Pick<SinkSpec, 'name'>, messages: Iterable<Observation>): void {
    const { names, gone } = this.#of(sink);
    for (const message of messages) {
      const { gateway, sequence } = message.id;
      const name = messageName(message.id);
      if (gateway !== resubmitGateway || names.has(name)) continue;
      names.add(name);
      if (this.#removed.has(message, sequence)) gone.add(message);
    }
  }

  /** @param name that of the message that it was sent back as */
  has(sink: Pick<SinkSpec, 'name'>, name: string): boolean {
    return this.#of(sink).names.has(name);
  }

  /** Records of those that retention has removed since. */
  gone(sink: Pick<SinkSpec, 'name'>): GoneRecords {
    return this.#of(sink).gone;
  }

  #of({ name }: Pick<SinkSpec, 'name'>): OfSink {
    const own = this.#bySink.get(name) ?? { names: new NameSet(), gone: new GoneRecords() };
    this.#bySink.set(name, own);
    return own;
  }
}
