import { type StoreError, tooMuchAsked } from './errors.ts';

/** What an answer holds, in bytes. */
export interface Held {
  /** On the heap: rows, and the objects that are made of them. */
  objects: number;
  /** Bytes of the answer as JSON. */
  text: number;
}

/** Limits of the answer to one question. */
export interface AnswerRoomOptions {
  /** What every question may hold from its begin. */
  small: Held;
  /** What it may hold when it has its turn. */
  large: Held;
  /** Resolves when it is this question's turn for a large answer. */
  turn: () => Promise<void>;
}

/**
 * What one question may hold. A store says what it is about to keep before it keeps it, so that no
 * answer is larger than its part of the memory. Most answers are small and do not wait; one that
 * grows beyond that waits once, for one of the few places of large answers, and then never again.
 */
export class AnswerRoom {
  readonly #options: AnswerRoomOptions;
  readonly #held: Held = { objects: 0, text: 0 };
  #growing: Promise<void> | undefined;
  #isLarge = false;

  constructor(options: AnswerRoomOptions) {
    this.#options = options;
  }

  /** What it may still hold, before and after its turn for a large answer. */
  get left(): Held {
    const { objects, text } = this.#isLarge ? this.#options.large : this.#options.small;
    return { objects: objects - this.#held.objects, text: text - this.#held.text };
  }

  get isLarge(): boolean {
    return this.#isLarge;
  }

  /** Waits for the turn; at once where it had it. Rejects as `turn` does. */
  async grow(): Promise<void> {
    this.#growing ??= this.#options.turn();
    await this.#growing;
    this.#isLarge = true;
  }

  /** From now on it holds so much more, unless that is more than even a large answer has: false. */
  async admit(more: Held): Promise<boolean> {
    if (!this.#fits(more)) await this.grow();
    if (!this.#fits(more)) return false;
    this.#held.objects += more.objects;
    this.#held.text += more.text;
    return true;
  }

  /** Takes room like `admit`. Throws `too-much-asked`. */
  async take(more: Held): Promise<void> {
    if (!(await this.admit(more))) throw this.tooMuch();
  }

  tooMuch(): StoreError {
    const { objects, text } = this.#options.large;
    const most = `${text} bytes of answer, or ${objects} in memory`;
    return tooMuchAsked(`more than ${most} were found`);
  }

  #fits({ objects, text }: Held): boolean {
    return objects <= this.left.objects && text <= this.left.text;
  }
}

const ownBytes = 64 * 1_048_576;

/** Makes the room for what a process asks for itself. */
export function ownRoom(bytes = ownBytes): AnswerRoom {
  const all = { objects: bytes, text: bytes };
  return new AnswerRoom({ small: all, large: all, turn: async () => {} });
}
