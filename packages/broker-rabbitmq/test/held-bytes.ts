import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const everyMs = 50;
/** V8 frees the memory of buffers in the background: it takes so many looks until it is known. */
const looksToSettle = 5;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** The most that this process holds in buffers from now on, without garbage. */
export class HeldBytes {
  readonly #before: number;
  #most = 0;
  readonly #watch = setInterval(() => this.#look(), everyMs);

  private constructor(before: number) {
    this.#before = before;
  }

  static async begin(): Promise<HeldBytes> {
    for (let looks = 0; looks < looksToSettle; looks++) {
      heldBytes();
      await sleep(everyMs);
    }
    return new HeldBytes(heldBytes());
  }

  /** Bytes beyond what was held at first. */
  end(): number {
    clearInterval(this.#watch);
    this.#look();
    return this.#most - this.#before;
  }

  #look(): void {
    this.#most = Math.max(this.#most, heldBytes());
  }
}

function heldBytes(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}
