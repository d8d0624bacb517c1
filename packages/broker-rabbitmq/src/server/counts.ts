import { publishedKey } from '../names.ts';
import type { Control } from './control.ts';
import { type AskForCounts, type PublishedCounts, PublishHistory } from './history.ts';

/** Publishes, once a beat, how many messages this process has published; answers who asks. */
export class CountPublisher {
  readonly #control: Control;
  readonly #publisher: string;
  readonly #counts: ReadonlyMap<string, number>;
  #published: Record<string, number> = {};
  #timer: NodeJS.Timeout | undefined;
  readonly #take = (body: unknown): void => {
    if ((body as AskForCounts | PublishedCounts).kind === 'who')
      this.#publish(this.#published, true);
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
    const changed = [...this.#counts].filter(([name, count]) => this.#published[name] !== count);
    if (changed.length === 0 || !this.#publish(Object.fromEntries(changed), false)) return;
    this.#published = Object.fromEntries(this.#counts);
  }

  #publish(counts: Record<string, number>, isAnswer: boolean): boolean {
    const publisher = this.#publisher;
    const body: PublishedCounts = { kind: 'counts', publisher, counts, isAnswer };
    return this.#control.send(publishedKey, body);
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
      const message = body as AskForCounts | PublishedCounts;
      if (message.kind === 'counts') this.history.note(message, performance.now());
    });
    this.#control.send(publishedKey, { kind: 'who' } satisfies AskForCounts);
  }
}
