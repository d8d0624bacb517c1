import type { Component, Health } from './component.ts';

/** An error that no code foresaw: a bug. It cost what was being done there, and nothing else. */
export interface InternalErrorEvent {
  type: 'internal-error';
  /** What was being done: `gRPC request`, `uncaught exception`. */
  where: string;
  error: unknown;
}

/** Whether an event, of whatever part, reports an error that no code foresaw. */
export function isInternalError(event: { type: string }): event is InternalErrorEvent {
  return event.type === 'internal-error';
}

interface InternalErrorsOptions {
  report: (event: InternalErrorEvent) => void;
  /** Monotonic milliseconds. */
  nowMs?: () => number;
}

/** Errors within a minute that are a loop: the process lives, and says that it is not ready. */
const loopErrors = 10;
const loopMs = 60_000;
/** Names of places come from the code and are few; this bounds them whatever happens. */
const placesMax = 64;

/**
 * The one place that decides what an unforeseen error does to the process: it is counted and
 * reported with its stack, and the process goes on. Parts that can name the request it cost report
 * an `InternalErrorEvent` themselves, which is counted here by `count`; what passes every handler
 * comes here from Node. Before `start`, and in other commands, Node's own rule holds: the process
 * ends.
 */
export class InternalErrors implements Component {
  readonly name = 'internal errors';
  readonly #options: InternalErrorsOptions;
  /** From 0, so that the first one is an increase. */
  readonly #counts = new Map<string, number>([
    ['uncaught exception', 0],
    ['unhandled rejection', 0],
  ]);
  #lately: number[] = [];
  #listens = false;

  constructor(options: InternalErrorsOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    if (this.#listens) return;
    this.#listens = true;
    process.on('uncaughtException', this.#onException);
  }

  async stop(): Promise<void> {
    if (!this.#listens) return;
    this.#listens = false;
    process.off('uncaughtException', this.#onException);
  }

  /** Errors since the start, by place. */
  counts(): { where: string; count: number }[] {
    return [...this.#counts].map(([where, count]) => ({ where, count }));
  }

  count(where: string): void {
    const place = this.#counts.has(where) || this.#counts.size < placesMax ? where : 'elsewhere';
    this.#counts.set(place, (this.#counts.get(place) ?? 0) + 1);
    const nowMs = this.#nowMs();
    this.#lately.push(nowMs);
    if (this.#lately.length > loopErrors) this.#lately.shift();
  }

  health(): Health {
    const before = this.#nowMs() - loopMs;
    const lately = this.#lately.filter((atMs) => atMs >= before).length;
    if (lately < loopErrors) return { ok: true, detail: `${lately} within a minute` };
    return { ok: false, detail: `at least ${loopErrors} within a minute: see the log` };
  }

  /** Without a listener of their own, rejections that nothing handles come here too. */
  readonly #onException = (error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void => {
    const where = origin === 'unhandledRejection' ? 'unhandled rejection' : 'uncaught exception';
    this.count(where);
    this.#options.report({ type: 'internal-error', where, error });
  };

  #nowMs(): number {
    return this.#options.nowMs?.() ?? performance.now();
  }
}
