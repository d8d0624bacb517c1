/** The parts a process is made of. `start` and `stop` do all I/O; constructors do none. */
export interface Component {
  readonly name: string;
  start(): Promise<void>;
  /** Idempotent, safe before start; flushes or reports. */
  stop(): Promise<void>;
  health(): Health;
}

/** Whether a part works, and what an operator should know of it. */
export interface Health {
  ok: boolean;
  /** One line for a person: what is wrong, or what is well. */
  detail: string;
}

/** The health of one component, by its name. */
export interface ComponentHealth extends Health {
  name: string;
}

/** Receives the progress of a start. */
export interface Progress {
  starting(name: string): void;
  started(name: string, tookMs: number): void;
}

/**
 * Starts components in the order given and stops them in reverse, so each may rely on those before
 * it for its whole life: sinks before consumers, consumers before doors.
 */
export class Stack {
  readonly #components: readonly Component[];
  readonly #started: Component[] = [];
  #stopping: Promise<void> | undefined;

  constructor(components: readonly Component[]) {
    this.#components = components;
  }

  /** When one fails to start, those already started are stopped and the error is thrown. */
  async start(progress?: Progress): Promise<void> {
    for (const component of this.#components) {
      if (this.#stopping) return;
      const startedAt = performance.now();
      progress?.starting(component.name);
      this.#started.push(component);
      try {
        await component.start();
      } catch (error) {
        await this.stop().catch(() => undefined); // What made it fail is the error to throw.
        throw error;
      }
      progress?.started(component.name, performance.now() - startedAt);
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  health(): ComponentHealth[] {
    return this.#components.map((component) => {
      const started = this.#started.includes(component);
      if (!started) return { name: component.name, ok: false, detail: 'not started' };
      return { name: component.name, ...component.health() };
    });
  }

  async #stopAll(): Promise<void> {
    const errors: unknown[] = [];
    for (const component of this.#started.reverse()) {
      try {
        await component.stop();
      } catch (error) {
        errors.push(new Error(`${component.name} did not stop cleanly`, { cause: error }));
      }
    }
    if (errors.length) throw new AggregateError(errors, 'some parts did not stop cleanly');
  }
}
