import { setImmediate } from 'node:timers/promises';
import type { SliceLimits } from '@spillway/otlp';
import { type ConsumerLimits, partRecordsMax } from '../config.ts';
import type { CrashRecord } from '../crash-record.ts';
import { type InFlightMessage, messageNameOf } from './in-flight-message.ts';

export interface DecodeWindowOptions {
  limits: ConsumerLimits;
  crashRecord: CrashRecord | undefined;
}

/** Others in this process have their turn when so much was decoded. */
const yieldBytes = 2_097_152;

/**
 * What of the messages in flight is decoded. The batch that the sink has takes at most
 * `decodedBytesMax` and one record, what waits behind it twice as much: the batch read ahead, and a
 * part that a store wants later.
 */
export class DecodeWindow {
  readonly #options: DecodeWindowOptions;
  /** What the sink has, or had last. */
  #batch: ReadonlySet<InFlightMessage> = new Set();

  constructor(options: DecodeWindowOptions) {
    this.#options = options;
  }

  /** Before its turn, as far as there is room. */
  decodeAhead(items: readonly InFlightMessage[], inHand: readonly InFlightMessage[]): void {
    const { crashRecord, limits } = this.#options;
    if (crashRecord?.isCareful || !items.length) return;
    const names = items.map(messageNameOf);
    crashRecord?.take(names);
    let waiting = inHand.reduce((sum, item) => sum + (this.#batch.has(item) ? 0 : item.bytes), 0);
    for (const item of items) {
      if (waiting < limits.decodedBytesMax) this.#decode(item);
      waiting += item.bytes;
    }
    crashRecord?.release(names);
  }

  /** The first of what is due, as many as fit together; what is decoded beyond them is let go. */
  async take(
    due: readonly InFlightMessage[],
    inHand: readonly InFlightMessage[],
  ): Promise<InFlightMessage[]> {
    const { limits } = this.#options;
    const taken: InFlightMessage[] = [];
    let [bytes, records, decodedSince] = [0, 0, 0];
    for (const item of due) {
      if (!item.isDecoded) {
        this.#decode(item);
        decodedSince += item.bytes;
      }
      bytes += item.bytes;
      records += item.decoded?.records.length ?? 0;
      const fits = bytes <= limits.decodedBytesMax && records <= partRecordsMax && !item.large;
      if (taken.length && !fits) break;
      taken.push(item);
      if (item.large) break;
      if (decodedSince < yieldBytes) continue;
      decodedSince = 0;
      await setImmediate();
    }
    this.#batch = new Set(taken);
    this.#letGo(inHand);
    return taken;
  }

  #letGo(inHand: readonly InFlightMessage[]): void {
    let bytes = 0;
    for (const item of inHand) {
      if (this.#batch.has(item)) continue;
      bytes += item.bytes;
      if (bytes > 2 * this.#options.limits.decodedBytesMax) item.release();
    }
  }

  #decode(item: InFlightMessage): void {
    const ends = this.#options.crashRecord?.crashesWith(messageNameOf(item));
    if (ends === undefined) item.decode(this.#partLimits());
    else item.refuse('kills-its-reader', whyAside(item, ends));
  }

  #partLimits(): SliceLimits {
    return { recordsMax: partRecordsMax, bytesMax: this.#options.limits.decodedBytesMax };
  }
}

function whyAside({ envelope, position, value }: InFlightMessage, ends: number): string {
  const { topic, partition, gateway, epoch, sequence } = envelope.id;
  const place = `${topic}/${partition} at ${position}, ${gateway}/${epoch}/${sequence}`;
  return `the process ended ${ends} times with this message alone in flight: ${place}, ${value.length} bytes`;
}
