import { sleep } from '@spillway/resilience';
import type { QueryError } from '../http/errors.ts';
import type { Batch } from './read-tail.ts';

/** The connection to the client that reads the stream. */
export interface TailClient {
  write(text: string): void;
  /** It has not read what was written before. */
  readonly isBlocked: boolean;
  end(): void;
  /** Closes the connection at once. */
  cut(): void;
}

/** The times of a live tail, in ms. */
export interface TailTimes {
  /** Between two looks at the tail. */
  lookMs: number;
  /** Something is sent at least so often, and its key looked at. */
  heartbeatMs: number;
  /** A client that has not read for so long is cut. */
  slowMs: number;
}

/** What a live tail reads from and writes to. */
export interface TailStreamOptions {
  client: TailClient;
  /** Throws a `QueryError`. */
  read: (afterId: string | undefined) => Promise<Batch>;
  /** Throws a `QueryError` when the key may not read any more. */
  checkAccess: () => void;
  asError: (error: unknown) => QueryError;
  /** Aborted when the client has gone, or the console stops. */
  ending: AbortSignal;
  times: TailTimes;
}

/** A client asks again after so long. */
const retryMs = 3_000;

/**
 * Sends server-sent events (WHATWG HTML, section 9.2): `log` for a line, `skipped` for records that
 * are not shown, `end` with an error before it ends by itself.
 */
export class TailStream {
  readonly #options: TailStreamOptions;
  #lastId: string | undefined;
  #writtenMs = 0;
  #checkedMs = performance.now();
  #blockedSinceMs: number | undefined;

  constructor(options: TailStreamOptions) {
    this.#options = options;
  }

  /** Runs until either side ends it; never rejects. `first` was read before the answer began. */
  async run(first: Batch): Promise<void> {
    const { client, ending, times, asError } = this.#options;
    this.#write(`retry: ${retryMs}\n\n`);
    try {
      this.#send(first);
      while (true) {
        await sleep(times.lookMs, ending);
        ending.throwIfAborted();
        if (client.isBlocked) {
          if (this.#isSlow()) return client.cut();
          continue;
        }
        this.#blockedSinceMs = undefined;
        this.#beat();
        await this.#look();
      }
    } catch (error) {
      const { code, message } = asError(ending.aborted ? ending.reason : error);
      if (code === 'client-gone') return;
      this.#write(event('end', { code, message }));
      client.end();
    }
  }

  /**
   * A tail that cannot be read for a moment, as too much is asked at once, is read at the next
   * look.
   */
  async #look(): Promise<void> {
    const { read, asError, ending } = this.#options;
    try {
      this.#send(await read(this.#lastId));
    } catch (error) {
      ending.throwIfAborted();
      if (asError(error).code !== 'too-many-queries') throw error;
    }
  }

  #send({ lines, skipped, lastId }: Batch): void {
    this.#lastId = lastId;
    const texts = lines.map((line) => `id: ${line.id}\n${event('log', line)}`);
    if (skipped > 0) texts.unshift(event('skipped', { records: skipped }));
    if (texts.length > 0) this.#write(texts.join(''));
  }

  #beat(): void {
    const { checkAccess, times } = this.#options;
    const nowMs = performance.now();
    if (nowMs - this.#checkedMs >= times.heartbeatMs) {
      this.#checkedMs = nowMs;
      checkAccess();
    }
    if (nowMs - this.#writtenMs >= times.heartbeatMs) this.#write(': heartbeat\n\n');
  }

  #write(text: string): void {
    this.#writtenMs = performance.now();
    this.#options.client.write(text);
  }

  #isSlow(): boolean {
    this.#blockedSinceMs ??= performance.now();
    return performance.now() - this.#blockedSinceMs >= this.#options.times.slowMs;
  }
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
