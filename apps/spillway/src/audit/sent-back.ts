import { messageName, resubmitGateway } from '@spillway/broker';
import { NameSet } from '@spillway/dead-letters';
import type { AppliedMessage, SinkSpec } from '@spillway/ledger';

/** Dead letters that were applied after they had been sent back, by sink: those of some minutes. */
export class SentBack {
  readonly #bySink = new Map<string, NameSet>();

  see(sink: Pick<SinkSpec, 'name'>, applied: readonly AppliedMessage[]): void {
    for (const { id } of applied) {
      if (id.gateway !== resubmitGateway) continue;
      const names = this.#bySink.get(sink.name) ?? new NameSet();
      this.#bySink.set(sink.name, names);
      names.add(messageName(id));
    }
  }

  /** @param name that of the message that it was sent back as */
  has(sink: Pick<SinkSpec, 'name'>, name: string): boolean {
    return this.#bySink.get(sink.name)?.has(name) === true;
  }
}
