import type { Journal } from '@spillway/journal';
import { type SpillOutcome, spillOutcome } from '../outcome.ts';

const doneName = 'done';

/** Notes for the ledger that the broker does not take now, durable and in order. */
export class SpillNotes {
  readonly #journal: Journal;
  /** Sequence of the one that `next` gave. */
  #given: number | undefined;

  /** Use `openSpill`. */
  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Kept until `done`. */
  get count(): number {
    return this.#journal.countFrom(this.#doneTo);
  }

  /** On the disk, with what is done but not deleted yet. */
  get bytes(): number {
    return this.#journal.bytes;
  }

  /** `note` must not change until the outcome. */
  async append(note: Uint8Array): Promise<SpillOutcome> {
    return spillOutcome(await this.#journal.append([note]));
  }

  /** The oldest one, again and again until it is done; undefined when there is none. */
  async next(): Promise<Uint8Array | undefined> {
    const { entries } = await this.#journal.read(this.#doneTo, { bytesMax: 1 });
    this.#given = entries[0]?.sequence;
    return entries[0]?.payload;
  }

  /**
   * The one that `next` gave is on the broker. After a crash right after, it may come again.
   * Rejects when that cannot be saved.
   */
  async done(): Promise<void> {
    if (this.#given === undefined) return;
    const doneTo = this.#given + 1;
    this.#given = undefined;
    await this.#journal.positions.save([[doneName, doneTo]]);
    await this.#journal.deleteBefore(doneTo);
  }

  get #doneTo(): number {
    return this.#journal.positions.get(doneName) ?? 0;
  }
}
