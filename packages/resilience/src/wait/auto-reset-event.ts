/**
 * Lets one task wait until another says that there is something to do. A `set` while no task
 * waits ends the next wait at once; each ends one wait. (As `AutoResetEvent` of .NET.)
 */
export class AutoResetEvent {
  #isSet = false;
  #wake: (() => void) | undefined;

  /** Ends the wait under way, or else the next one. */
  set(): void {
    if (this.#wake) this.#wake();
    else this.#isSet = true;
  }

  /**
   * Forgets a `set` that has not ended a wait yet: called before looking for what there is to do.
   */
  reset(): void {
    this.#isSet = false;
  }

  /**
   * Resolves with true once it is set, or with false after `ms` milliseconds or as soon as `abort` is
   * aborted. One wait at a time; throws when there is another.
   */
  async wait(ms: number, abort?: AbortSignal): Promise<boolean> {
    if (this.#wake) throw new Error('one wait at a time');
    const wasSet = this.#isSet;
    this.#isSet = false;
    if (wasSet || abort?.aborted) return wasSet;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const giveUp = (): void => resolve(false);
    const timer = setTimeout(giveUp, ms);
    abort?.addEventListener('abort', giveUp, { once: true });
    this.#wake = () => resolve(true);
    try {
      return await promise;
    } finally {
      this.#wake = undefined;
      clearTimeout(timer);
      abort?.removeEventListener('abort', giveUp);
    }
  }
}
