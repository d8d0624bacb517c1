import { LRUCache } from 'lru-cache';
import { type InFlightMessage, messageNameOf } from '../in-flight/in-flight-message.ts';

/** Rounds in which a message failed alone while the store took others: then it is poison. */
const roundsMax = 3;
const suspectsMax = 10_000;

/** Messages that failed alone, and how often they did while the store worked. */
export class PoisonDetector {
  readonly #rounds = new LRUCache<string, number>({ max: suspectsMax });

  /**
   * Those of the suspects that are poison now.
   * @param works whether the store took something else in this round
   */
  judge(suspects: ReadonlyMap<InFlightMessage, Error>, works: boolean): InFlightMessage[] {
    return [...suspects.keys()].filter((item) => {
      const name = messageNameOf(item);
      const rounds = this.#rounds.get(name) ?? 0;
      // Without anything that went well, in this round or before, it may be the store.
      if (!works && rounds === 0) return false;
      this.#rounds.set(name, rounds + 1);
      return rounds + 1 >= roundsMax;
    });
  }

  /** Whether each of them failed before while the store worked. */
  knows(items: Iterable<InFlightMessage>): boolean {
    return [...items].every((item) => this.#rounds.has(messageNameOf(item)));
  }

  /** They went through after all, or were refused. */
  forget(items: Iterable<InFlightMessage>): void {
    if (this.#rounds.size) for (const item of items) this.#rounds.delete(messageNameOf(item));
  }
}
