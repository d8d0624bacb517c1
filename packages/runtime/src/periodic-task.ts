import type { Component, Health } from './component.ts';

/** Options of work that is repeated. */
export interface PeriodicTaskOptions {
  name: string;
  everyMs: number;
  run: () => Promise<unknown>;
}

/** Runs a task at an interval, never twice at once; a failure shows in `health` until it works. */
export class PeriodicTask implements Component {
  readonly name: string;
  readonly #options: PeriodicTaskOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #failure: string | undefined;

  constructor(options: PeriodicTaskOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => this.#tick(), this.#options.everyMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  health(): Health {
    return { ok: this.#failure === undefined, detail: this.#failure ?? 'idle' };
  }

  #tick(): void {
    this.#running ??= this.#options.run().then(
      () => this.#settled(undefined),
      (error: Error) => this.#settled(error.message),
    );
  }

  #settled(failure: string | undefined): void {
    this.#failure = failure;
    this.#running = undefined;
  }
}
