interface Waiting {
  bytes: number;
  start: () => void;
}

/**
 * Lets work begin in the order in which it came, at most so many bytes at once; what is larger goes
 * alone.
 */
export class ByteGate {
  readonly #bytesMax: number;
  readonly #waiting: Waiting[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Resolves when it is its turn, with what ends it; at the signal with undefined. */
  async enter(bytes: number, abort: AbortSignal): Promise<(() => void) | undefined> {
    if (abort.aborted) return undefined;
    if (this.#waiting.length > 0 || !this.#fits(bytes)) {
      const isStarted = await new Promise<boolean>((resolve) => {
        const waiting = {
          bytes,
          start: () => {
            abort.removeEventListener('abort', onAbort);
            resolve(true);
          },
        };
        const onAbort = (): void => {
          this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
          resolve(false);
          this.#startNext();
        };
        abort.addEventListener('abort', onAbort, { once: true });
        this.#waiting.push(waiting);
      });
      if (!isStarted) return undefined;
    } else this.#bytes += bytes;
    return () => {
      this.#bytes -= bytes;
      this.#startNext();
    };
  }

  #fits(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#bytesMax;
  }

  #startNext(): void {
    for (let next = this.#waiting[0]; next && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#bytes += next.bytes;
      next.start();
    }
  }
}
