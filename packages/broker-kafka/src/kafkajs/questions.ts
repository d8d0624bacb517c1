import { TimeoutError, unlessAborted, waitAtMost, withTimeout } from '@spillway/resilience';
import { KafkaError } from '../errors.ts';
import { clusterOf, type LibraryCluster } from './cluster.ts';
import { type LibraryOptions, openLibrary, translate } from './library.ts';

export interface QuestionOptions extends LibraryOptions {
  /** How long a request may rest with a broker. */
  waitMs: number;
}

/**
 * Questions to a cluster of KafkaJS. When the end of an old connection meets the begin of a new
 * one, KafkaJS may forget a request: it is never answered, never refused, and what comes behind it
 * waits, too. So each question has its time here, and a cluster that let one pass is left to itself.
 */
export class Questions {
  readonly #open: () => LibraryCluster;
  readonly #answerMs: number;
  readonly #quitMs: number;
  readonly #closing = new AbortController();
  #cluster: LibraryCluster;
  #connected: Promise<void> | undefined;

  /** `open` makes a cluster that knows nothing of the one before it. */
  constructor(
    { waitMs, ...options }: QuestionOptions,
    open = () => clusterOf(openLibrary(options)),
  ) {
    const { connectTimeoutMs, requestTimeoutMs } = options;
    this.#open = open;
    // It may connect, ask, and do both once more.
    this.#answerMs = waitMs + 2 * (connectTimeoutMs + requestTimeoutMs);
    this.#quitMs = requestTimeoutMs;
    this.#cluster = open();
  }

  /** Rejects with a `KafkaError` that names `what` was asked. */
  async ask<T>(what: string, question: (cluster: LibraryCluster) => Promise<T>): Promise<T> {
    const { signal } = this.#closing;
    if (signal.aborted) throw new KafkaError('connection', 'The client is closed');
    const cluster = this.#cluster;
    this.#connected ??= cluster.connect();
    const answer = this.#connected.then(() => question(cluster));
    try {
      return await unlessAborted(withTimeout(answer, this.#answerMs, 'An answer'), signal);
    } catch (error) {
      if (this.#cluster === cluster) this.#connected = undefined; // The next one connects again.
      if (error instanceof TimeoutError) this.#abandon(cluster);
      throw translate(error, what);
    }
  }

  /** What is under way rejects. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('Aborted while it was under way'));
    await waitAtMost(this.#disconnect(), { ms: this.#quitMs }).catch(() => {});
  }

  async #disconnect(): Promise<void> {
    await this.#connected?.catch(() => {});
    await this.#cluster.disconnect();
  }

  /** Its disconnect may wait for ever. */
  #abandon(cluster: LibraryCluster): void {
    if (this.#cluster !== cluster || this.#closing.signal.aborted) return;
    this.#cluster = this.#open();
    cluster.disconnect().catch(() => {});
  }
}
