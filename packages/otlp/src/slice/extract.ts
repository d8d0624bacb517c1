/** Cuts single records out of a message, for dead letters. */

import { readMetricHead } from '../decode/decode-metric.ts';
import {
  metricTypeByTag,
  pointsTag,
  recordsLieIn,
  recordsTag,
  resourcesTag,
  scopesTag,
} from '../layout.ts';
import { Reader } from '../reader.ts';
import type { Signal } from '../signal.ts';
import { Writer } from '../writer.ts';
import { countRecords } from './scan.ts';

/**
 * The message cut down to the records at these places (ascending, as `decode` counts them). What
 * surrounds them stays (resource, scope, schema URL, unknown fields), and their own bytes are
 * those of `message`, also when they are broken; so they keep their keys, given their ordinals.
 * Resources, scopes and metrics without a kept record are left out.
 * @throws OtlpError exactly when `scan` does.
 */
export function extract(
  signal: Signal,
  message: Uint8Array,
  indexes: readonly number[],
): Uint8Array {
  countRecords(signal, message);
  return new Extractor(signal, message, indexes).request();
}

class Extractor {
  readonly #signal: Signal;
  readonly #reader: Reader;
  readonly #indexes: readonly number[];
  readonly #writer = new Writer();
  /** Index of the next record, and how many are kept so far. */
  #index = 0;
  #kept = 0;

  constructor(signal: Signal, message: Uint8Array, indexes: readonly number[]) {
    this.#signal = signal;
    this.#reader = new Reader(message);
    this.#indexes = indexes;
  }

  request(): Uint8Array {
    this.#fields(resourcesTag, () => this.#container(1, () => this.#resource()));
    return this.#writer.finish();
  }

  #resource(): void {
    this.#fields(scopesTag, () => this.#container(2, () => this.#scope()));
  }

  #scope(): void {
    this.#fields(recordsTag, (start) => {
      if (recordsLieIn[this.#signal] === 'metric') this.#container(2, () => this.#metric());
      else this.#record(start);
    });
  }

  /** Copies the message being read; `visit` decides about the fields with the tag `wanted`. */
  #fields(wanted: number, visit: (start: number) => void): void {
    const reader = this.#reader;
    let from = reader.pos;
    while (reader.more) {
      const start = reader.pos;
      const tag = reader.tag();
      if (tag !== wanted) {
        reader.skip(tag);
        continue;
      }
      this.#copy(from, start);
      const outer = reader.enter();
      visit(start);
      reader.leave(outer);
      from = reader.pos;
    }
    this.#copy(from, reader.limit);
  }

  /** Writes a field around what `write` writes, unless no record in it is kept. */
  #container(field: number, write: () => void): void {
    const before = this.#writer.pos;
    const kept = this.#kept;
    const mark = this.#writer.open(field);
    write();
    if (this.#kept === kept) this.#writer.pos = before;
    else this.#writer.close(mark);
  }

  #record(start: number): void {
    if (this.#index++ !== this.#indexes[this.#kept]) return;
    this.#kept++;
    this.#copy(start, this.#reader.limit);
  }

  /** `data` of a type that another replaced is dropped: its points are no records. */
  #metric(): void {
    const reader = this.#reader;
    const start = reader.pos;
    const { dataTag, dataFrom } = readMetricHead(reader);
    reader.pos = start;
    while (reader.more) {
      const at = reader.pos;
      const tag = reader.tag();
      if (!metricTypeByTag.has(tag)) {
        reader.skip(tag);
        this.#copy(at, reader.pos);
      } else if (tag !== dataTag || at < dataFrom) reader.skip(tag);
      else this.#data(tag >>> 3);
    }
  }

  /** Kept without points too: its other fields are the metric's. */
  #data(field: number): void {
    const reader = this.#reader;
    const mark = this.#writer.open(field);
    const outer = reader.enter();
    this.#fields(pointsTag, (start) => this.#record(start));
    reader.leave(outer);
    this.#writer.close(mark);
  }

  #copy(start: number, end: number): void {
    if (end > start) this.#writer.raw(this.#reader.slice(start, end));
  }
}
