import type { LedgerNote, NotedMessage, SpillNote } from '@spillway/ledger';

/**
 * Most messages, and most counts of refused records, in one note. Each is about 150 bytes: a note
 * stays below 800 KB.
 */
export const noteMessagesMax = 2500;

type RefusedCount = LedgerNote['refused'][number];

/** What a gateway has yet to note in the ledger, and the numbers of its notes. */
export class PendingNotes {
  readonly #identity: { gateway: string; epoch: number };
  readonly #messages: NotedMessage[] = [];
  readonly #refused = new Map<string, RefusedCount>();
  #numbered = 0;

  constructor({ gateway, epoch }: { gateway: string; epoch: number }) {
    this.#identity = { gateway, epoch };
  }

  /** Durable messages that no note names yet. */
  get messages(): number {
    return this.#messages.length;
  }

  /** Whether there is nothing to note. */
  get isEmpty(): boolean {
    return this.#messages.length === 0 && this.#refused.size === 0;
  }

  /** Number of the last note. */
  get numbered(): number {
    return this.#numbered;
  }

  /** Adds a message that is durable. */
  durable(message: NotedMessage): void {
    this.#messages.push(message);
  }

  /** Adds records that were refused, by tenant, signal and minute. */
  refused(count: RefusedCount): void {
    const key = `${count.tenant}\n${count.signal}\n${count.minute}`;
    const entry = this.#refused.get(key);
    if (entry) entry.records += count.records;
    else this.#refused.set(key, count);
  }

  /** Takes the next note; undefined when there is nothing to say. */
  next(spill?: SpillNote): LedgerNote | undefined {
    if (this.isEmpty && !spill) return undefined;
    const messages = this.#messages.splice(0, noteMessagesMax);
    const refused = this.#takeRefused();
    this.#numbered += 1;
    return { ...this.#identity, note: this.#numbered, messages, refused, ...(spill && { spill }) };
  }

  #takeRefused(): RefusedCount[] {
    const taken = [...this.#refused].slice(0, noteMessagesMax);
    for (const [key] of taken) this.#refused.delete(key);
    return taken.map(([, count]) => count);
  }
}
