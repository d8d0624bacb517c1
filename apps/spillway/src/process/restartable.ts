import type { Consumer } from '@spillway/consumer';
import { type Component, type Health, Stack } from '@spillway/runtime';

interface Made {
  consumer: Consumer;
  components: Component[];
}

/** A consumer and what belongs to it, created at each start. */
export class Restartable implements Component {
  readonly name: string;
  readonly #make: () => Made;
  #made: Made | undefined;
  #stack: Stack | undefined;

  constructor(name: string, make: () => Made) {
    this.name = name;
    this.#make = make;
  }

  get consumer(): Consumer | undefined {
    return this.#made?.consumer;
  }

  async start(): Promise<void> {
    this.#made = this.#make();
    this.#stack = new Stack(this.#made.components);
    await this.#stack.start();
  }

  async stop(): Promise<void> {
    await this.#stack?.stop();
  }

  /** Stops it, runs, and starts a new one, also when `run` fails. */
  async without(run: () => Promise<void>): Promise<void> {
    await this.stop();
    try {
      await run();
    } finally {
      await this.start();
    }
  }

  health(): Health {
    const parts = this.#stack?.health() ?? [];
    const failing = parts.find(({ ok }) => !ok);
    if (failing) return { ok: false, detail: `${failing.name}: ${failing.detail}` };
    return this.#made?.consumer.health() ?? { ok: false, detail: 'not started' };
  }
}
