/** Work of less than this needs no rest after it. */
const shortMs = 2;
const restMsMax = 100;

/**
 * Lets pieces of work begin one after the other, each in a turn of the event loop of its own. After one
 * that kept the thread for some milliseconds it rests as long: what else the thread does has half of it.
 */
export class Pace {
  readonly #waiting: (() => void)[] = [];
  #isRunning = false;

  /** Resolves when the work may begin. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#isRunning) return;
      this.#isRunning = true;
      setImmediate(() => this.#begin());
    });
  }

  #begin(): void {
    const begin = this.#waiting.shift();
    this.#isRunning = begin !== undefined;
    if (begin === undefined) return;
    const startedMs = performance.now();
    begin();
    // Comes when all that followed at once is done, promises too.
    setImmediate(() => {
      const tookMs = performance.now() - startedMs;
      if (tookMs < shortMs) this.#begin();
      else setTimeout(() => this.#begin(), Math.min(tookMs, restMsMax));
    });
  }
}
