import type { Journal } from '@spillway/journal';
import { type SpillOutcome, spillOutcome } from './outcome.ts';

const doneName = 'done';

/** Notes for the ledger that the broker does not take now, durable and in order. */
export class SpillNotes {
  readonly #journal: Journal;

  /** Use `openSpill`. */
  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Kept until `done`. */
  get count(): number {
    return this.#journal.countFrom(this.#done);
  }

  get bytes(): number {
    return this.#journal.bytes;
  }

  /** `note` must not change until the outcome. */
  async append(note: Uint8Array): Promise<SpillOutcome> {
    return spillOutcome(await this.#journal.append([note]));
  }

  /** The oldest one, again and again until it is done; undefined when there is none. */
  async next(): Promise<Uint8Array | undefined> {
    return (await this.#journal.read(this.#done, { bytesMax: 1 })).entries[0]?.payload;
  }

  /** The oldest one is on the broker. After a crash right after, it may come again. */
  async done(): Promise<void> {
    const { entries } = await this.#journal.read(this.#done, { bytesMax: 1 });
    const [oldest] = entries;
    if (oldest === undefined) return;
    await this.#journal.positions.save([[doneName, oldest.sequence + 1]]);
    await this.#journal.deleteBefore(this.#done);
  }

  get #done(): number {
    return this.#journal.positions.get(doneName) ?? 0;
  }
}
