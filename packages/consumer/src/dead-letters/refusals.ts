import type { DecodedMessage, MessageOutcome } from '@spillway/store';

/** Why records of a message are dead letters: by code, with the first reason of it. */
export class Refusals {
  readonly #byCode = new Map<string, { reason: string; indexes: number[] }>();

  /** What is broken in the message, or in a part of it, and what the store refused of it. */
  add({ broken, records }: DecodedMessage, outcome: MessageOutcome): void {
    for (const { code, reason, index } of broken) this.#add(code, reason, index);
    outcome.records.forEach((record, i) => {
      const index = records[i]?.index;
      if (record.status === 'deadLetter' && index !== undefined) {
        this.#add(record.code, record.reason, index);
      }
    });
  }

  [Symbol.iterator]() {
    return this.#byCode.entries();
  }

  #add(code: string, reason: string, index: number): void {
    const entry = this.#byCode.get(code) ?? { reason, indexes: [] };
    this.#byCode.set(code, entry);
    entry.indexes.push(index);
  }
}
