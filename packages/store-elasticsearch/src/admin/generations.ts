import { sleep } from '@spillway/resilience';
import { isNewer, type StateDocument, type StoreState, type VersionedState } from './state.ts';

export interface GenerationsOptions {
  document: StateDocument;
  leaseMs: number;
  /** Ms, never going back. */
  monotonicMs: () => number;
  onPolled: (error: Error | undefined) => void;
}

/** Within a lease the state is read this often. */
const pollsPerLease = 5;

/**
 * What this process knows of the state. It is never trusted for longer than the lease, so whoever
 * changes the state knows that after a lease no process acts on the old one.
 */
export class Generations {
  readonly #options: GenerationsOptions;
  readonly #stopping = new AbortController();
  #known: VersionedState | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #polling: Promise<void> | undefined;

  constructor(options: GenerationsOptions) {
    this.#options = options;
  }

  begin(state: VersionedState): void {
    this.#take(state, this.#options.monotonicMs());
    this.#polling = this.#poll();
  }

  /** Aborted when this process stops. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#polling;
  }

  /** Read no longer ago than the lease. Throws `unavailable`. */
  async state(): Promise<StoreState> {
    const age = this.#options.monotonicMs() - this.#readAtMs;
    if (this.#known && age < this.#options.leaseMs) return this.#known.state;
    return await this.#read();
  }

  async update(change: (state: StoreState) => StoreState): Promise<StoreState> {
    const atMs = this.#options.monotonicMs();
    const written = await this.#options.document.update(change);
    this.#take(written, atMs);
    return written.state;
  }

  /** Until no process acts on what the state was before. */
  async settle(asked?: AbortSignal): Promise<void> {
    const abort = AbortSignal.any([this.#stopping.signal, ...(asked ? [asked] : [])]);
    await sleep(this.#options.leaseMs, abort);
    abort.throwIfAborted();
  }

  async #poll(): Promise<void> {
    const { leaseMs, onPolled } = this.#options;
    const { signal } = this.#stopping;
    while (await sleep(leaseMs / pollsPerLease, signal, { ref: false })) {
      try {
        await this.#read();
        onPolled(undefined);
      } catch (error) {
        if (!signal.aborted) onPolled(error as Error);
      }
    }
  }

  /** The age counts from before the request: the answer may be old when it comes. */
  async #read(): Promise<StoreState> {
    const atMs = this.#options.monotonicMs();
    const read = await this.#options.document.read();
    this.#take(read, atMs);
    return read.state;
  }

  /** A read begun after an update may still have seen what was before it. */
  #take(read: VersionedState, atMs: number): void {
    if (this.#known && isNewer(this.#known, read)) return;
    const isSame = this.#known && !isNewer(read, this.#known);
    this.#readAtMs = isSame ? Math.max(this.#readAtMs, atMs) : atMs;
    this.#known = read;
  }
}
