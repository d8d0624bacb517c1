import { attempt, type Fault } from '../fault.ts';
import type { Place } from '../layout.ts';
import type { Reader } from '../reader.ts';
import type { TelemetryRecord } from '../records.ts';
import type { MetricHead } from './decode-metric.ts';
import { type DecodedSlice, newSlice } from './decoded-slice.ts';
import type { OwnerFields, Payload } from './owner-fields.ts';
import { costOf, tooLarge } from './record-cost.ts';

/** A resource or scope up to this size is a small part of its record wherever both are written. */
const sharedBytesFree = 4_096;

/** Puts the records of a message, whole and broken, into slices, and estimates their memory. */
export class SliceBuilder {
  readonly #reader: Reader;
  readonly #place: Place;
  readonly #keysOnly: boolean;
  #slice: DecodedSlice = newSlice(0);
  /** Bytes of the resource and of the scope, for each record below them. */
  #resourceBytes = 0;
  #scopeBytes = 0;

  /** The reader stands at the record that is taken, the place names it. */
  constructor(reader: Reader, place: Place, { keysOnly = false }: { keysOnly?: boolean }) {
    this.#reader = reader;
    this.#place = place;
    this.#keysOnly = keysOnly;
  }

  /** Begins the next slice, at the record of an index. */
  begin(from: number): DecodedSlice {
    this.#slice = newSlice(from);
    return this.#slice;
  }

  enterResource(fields: OwnerFields): void {
    this.#resourceBytes = this.#shared(fields);
  }

  enterScope(fields: OwnerFields): void {
    this.#scopeBytes = this.#shared(fields);
  }

  enterMetric({ header, metadata }: MetricHead): void {
    this.#slice.bytes += costOf(header.length, metadata.length);
  }

  /** Builds a record, unless what is around it is broken; a broken one is noted with its reason. */
  take(
    payload: Payload,
    { index, key }: { index: number; key: string },
    around: Fault | undefined,
    message: Parameters<typeof attempt>[0],
    build: () => TelemetryRecord,
  ): void {
    if (this.#keysOnly) return;
    const slice = this.#slice;
    this.#reader.values = 0;
    const fault = around ?? tooLarge(payload.bytes.length);
    const read = fault ?? attempt(message, payload, build);
    if ('value' in read) {
      slice.records.push(read.value);
      const cost = costOf(payload.bytes.length, this.#reader.values);
      slice.bytes += cost + this.#resourceBytes + this.#scopeBytes;
      return;
    }
    const reason = `${this.#place}: ${read.reason}`;
    slice.broken.push({ index, key, code: read.code, reason });
    slice.bytes += costOf(reason.length, 0);
  }

  /** It counts for the slice that builds it; a large one for each record, as some stores write it. */
  #shared({ bytes, schemaUrl }: OwnerFields): number {
    const cost = costOf(bytes.length + schemaUrl.length, this.#reader.values);
    this.#slice.bytes += cost;
    return cost > sharedBytesFree ? cost : 0;
  }
}
