import type { Control } from './control.ts';
import { type AskForCounts, type PublishedCounts, PublishHistory } from './history.ts';
import { publishedKey } from './names.ts';

/** Publishes, once a beat, how many messages this process has published; answers who asks. */
export class CountPublisher {
  readonly #control: Control;
  readonly #publisher: string;
  readonly #counts: ReadonlyMap<string, number>;
  #told: Record<string, number> = {};
  #timer: NodeJS.Timeout | undefined;
  readonly #take = (body: unknown): void => {
    if ((body as AskForCounts | PublishedCounts).kind === 'who') this.#tell(this.#told, true);
  };

  constructor(options: {
    control: Control;
    publisher: string;
    counts: ReadonlyMap<string, number>;
  }) {
    this.#control = options.control;
    this.#publisher = options.publisher;
    this.#counts = options.counts;
  }

  async start(beatMs: number): Promise<void> {
    await this.#control.listen(publishedKey, this.#take);
    this.#timer = setInterval(() => this.#beat(), beatMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const changed = [...this.#counts].filter(([name, count]) => this.#told[name] !== count);
    if (changed.length === 0 || !this.#tell(Object.fromEntries(changed), false)) return;
    this.#told = Object.fromEntries(this.#counts);
  }

  #tell(counts: Record<string, number>, isAnswer: boolean): boolean {
    const publisher = this.#publisher;
    const body: PublishedCounts = { kind: 'counts', publisher, counts, isAnswer };
    return this.#control.tell(publishedKey, body);
  }
}

/** Listens to the counts of all publishers from its start on. */
export class CountListener {
  readonly history = new PublishHistory();
  readonly #control: Control;
  #started: Promise<void> | undefined;

  constructor(control: Control) {
    this.#control = control;
  }

  /** Idempotent. */
  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  async #start(): Promise<void> {
    await this.#control.listen(publishedKey, (body) => {
      const told = body as AskForCounts | PublishedCounts;
      if (told.kind === 'counts') this.history.note(told, performance.now());
    });
    this.#control.tell(publishedKey, { kind: 'who' } satisfies AskForCounts);
  }
}
