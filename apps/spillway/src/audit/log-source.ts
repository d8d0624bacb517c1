import type { Broker, DeliveredMessage, Position } from '@spillway/broker';
import type { MessageRange } from '@spillway/ledger';
import type { LogSlice } from './log-slice.ts';
import { MinuteIndex } from './minute-index.ts';
import { isInMinutes } from './range.ts';

export interface SourceOptions {
  broker: Pick<Broker, 'read'>;
  from: Position;
  /** What is outside of it is left out. */
  wanted: MessageRange;
}

/** Decoded between two turns of the event loop. */
const readBytesMax = 256 * 1_024;

/** One partition of the log, as what an audit reads of it. */
export abstract class LogSource {
  readonly #options: SourceOptions;
  readonly #index = new MinuteIndex();
  #lastMinute = 0;

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  /** The last minute that anything of it is of. */
  get lastMinute(): number {
    return this.#lastMinute;
  }

  /** Estimates how many rows there are of these minutes. */
  rowsIn(range: MessageRange): number {
    return this.#index.rowsIn(range);
  }

  /** Reads all of it, and adds it to the slice until that is full. */
  async survey(slice: LogSlice): Promise<void> {
    for await (const message of this.#read(this.#options.from.position)) {
      this.look(message);
      if (!slice.isFull) this.add(message, slice);
    }
  }

  /** Adds what it has of the slice's range, until that is full. */
  async fill(slice: LogSlice): Promise<void> {
    for (const { from, next } of this.#index.spans(slice.range)) {
      for await (const message of this.#read(from)) {
        if (message.position >= next) break;
        this.add(message, slice);
        if (slice.isFull) return;
      }
    }
  }

  /** Calls `see` for everything that the message says. */
  protected abstract look(message: DeliveredMessage): void;
  protected abstract add(message: DeliveredMessage, slice: LogSlice): void;

  protected see(position: number, each: { minute: number; tenant: string }): void {
    if (!isInMinutes(this.#options.wanted, each)) return;
    this.#index.see(position, each.minute);
    this.#lastMinute = Math.max(this.#lastMinute, each.minute);
  }

  #read(position: number): AsyncIterable<DeliveredMessage> {
    const { broker, from, wanted } = this.#options;
    const abort = wanted.ending && { abort: wanted.ending };
    return broker.read({ ...from, position }, { bytesMax: readBytesMax, ...abort });
  }
}
