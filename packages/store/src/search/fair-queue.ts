import { StoreError } from '../errors.ts';

interface FairQueueOptions {
  /** Most pieces of work that are done at once. */
  slots: number;
  /** Most that wait, of all names together. */
  waitingMax: number;
}

interface Waiting {
  start: (leave: () => void) => void;
}

/**
 * Places for work of many names (tenants), so that one name never keeps another from its turn. A
 * name may take a slot only while more slots are free than it has, and a place to wait likewise: one
 * that floods gets half of each, a second one a third, and a place is left for who comes next.
 * Waiting names take turns, whatever each of them asks for.
 *
 * Source: Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet switches".
 */
export class FairQueue {
  readonly #slots: number;
  readonly #waitingMax: number;
  readonly #running = new Map<string, number>();
  /** In the order of their turns. */
  readonly #waiting = new Map<string, Waiting[]>();
  #runningCount = 0;
  #waitingCount = 0;

  constructor({ slots, waitingMax }: FairQueueOptions) {
    this.#slots = slots;
    this.#waitingMax = waitingMax;
  }

  get running(): number {
    return this.#runningCount;
  }

  get waiting(): number {
    return this.#waitingCount;
  }

  /**
   * Resolves, when it is the caller's turn, with what is to be called at the end of the work; calling
   * it again does nothing. Rejects with the `StoreError` `overloaded`, or with the reason of the signal.
   */
  async enter(name: string, abort?: AbortSignal): Promise<() => void> {
    abort?.throwIfAborted();
    if (this.#mayStart(name)) return this.#start(name);
    const queue = this.#waiting.get(name) ?? [];
    if (queue.length >= this.#waitingMax - this.#waitingCount) {
      throw new StoreError('overloaded', `${queue.length} of this name wait already`);
    }
    return await new Promise((resolve, reject) => {
      const waiting: Waiting = {
        start: (leave) => {
          abort?.removeEventListener('abort', onAbort);
          resolve(leave);
        },
      };
      const onAbort = (): void => {
        this.#remove(name, waiting);
        reject(abort?.reason);
      };
      abort?.addEventListener('abort', onAbort, { once: true });
      queue.push(waiting);
      this.#waiting.set(name, queue);
      this.#waitingCount += 1;
    });
  }

  #mayStart(name: string): boolean {
    const own = this.#running.get(name) ?? 0;
    return own < this.#slots - this.#runningCount;
  }

  #start(name: string): () => void {
    this.#count(name, 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#count(name, -1);
      this.#next();
    };
  }

  #count(name: string, by: 1 | -1): void {
    this.#runningCount += by;
    const own = (this.#running.get(name) ?? 0) + by;
    if (own > 0) this.#running.set(name, own);
    else this.#running.delete(name);
  }

  /** The first name whose turn it may be goes behind the others. */
  #next(): void {
    for (const [name, queue] of this.#waiting) {
      if (!this.#mayStart(name)) continue;
      const [first] = queue;
      if (!first) continue;
      this.#remove(name, first);
      const rest = this.#waiting.get(name);
      if (rest) {
        this.#waiting.delete(name);
        this.#waiting.set(name, rest);
      }
      first.start(this.#start(name));
      this.#next();
      return;
    }
  }

  #remove(name: string, waiting: Waiting): void {
    const queue = this.#waiting.get(name);
    const at = queue?.indexOf(waiting) ?? -1;
    if (!queue || at < 0) return;
    queue.splice(at, 1);
    this.#waitingCount -= 1;
    if (queue.length === 0) this.#waiting.delete(name);
  }
}
