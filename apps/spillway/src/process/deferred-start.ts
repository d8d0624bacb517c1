import { fullJitterMs, messageOf, sleep, waitAtMost } from '@spillway/resilience';
import { type Component, ConfigError } from '@spillway/runtime';
import type { ProcessEvent } from './process-events.ts';

export interface DeferredStartOptions {
  /** Each relies on those before it. */
  parts: readonly Component[];
  /** Whether the process can work without them for now. */
  canWait: () => Promise<boolean>;
  report: (event: ProcessEvent) => void;
}

/** Milliseconds for which the start waits for a broker that may only be slow. */
const patienceMs = 5000;
const backoff = { baseMs: 500, maxMs: 5000 };

/**
 * A gateway that can spill opens its doors without its broker: its parts go on starting in the
 * background, and what they refuse, as unsafe for instance, is reported again and again.
 */
export class DeferredStart implements Component {
  readonly name = 'broker and topics';
  readonly #options: DeferredStartOptions;
  readonly #stopping = new AbortController();
  #started = 0;
  #trying: Promise<void> = Promise.resolve();
  #trouble: string | undefined = 'not started';

  constructor(options: DeferredStartOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    if (!(await this.#options.canWait())) return this.#startAll();
    const first = this.#startAll();
    this.#trying = first.catch((error) => this.#retry(error));
    // What is unsafe is refused at once where the broker can say so.
    const checked = first.catch((error) => {
      if (error instanceof ConfigError) throw error;
    });
    await waitAtMost(checked, { ms: patienceMs, abort: this.#stopping.signal });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#trying;
    for (const part of this.#options.parts.slice(0, this.#started).reverse()) await part.stop();
  }

  health() {
    const failing = this.#options.parts.find((part) => !part.health().ok);
    if (this.#trouble === undefined) return failing?.health() ?? { ok: true, detail: 'started' };
    return { ok: true, detail: `not started, the gateway spills: ${this.#trouble}` };
  }

  async #startAll(): Promise<void> {
    const { parts } = this.#options;
    while (this.#started < parts.length && !this.#stopping.signal.aborted) {
      await (parts[this.#started] as Component).start();
      this.#started += 1;
    }
    this.#trouble = undefined;
  }

  async #retry(first: unknown): Promise<void> {
    let error = first;
    for (let failures = 1; !this.#stopping.signal.aborted; failures += 1) {
      this.#trouble = messageOf(error);
      this.#options.report({ type: 'broker-not-started', reason: this.#trouble });
      await sleep(fullJitterMs(failures, backoff), this.#stopping.signal);
      try {
        await this.#startAll();
        return;
      } catch (again) {
        error = again;
      }
    }
  }
}
