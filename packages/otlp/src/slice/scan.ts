/**
 * The hot path: one walk over a request's bytes, which checks the framing down to the record,
 * counts records, reads the ids that partitioning needs and cuts the request. Nothing is decoded.
 */

import { WireError } from '../errors.ts';
import {
  atPlace,
  checkRecords,
  commonTag,
  metricTypeByTag,
  Place,
  pointsTag,
  recordsMax,
  recordsTag,
  resourcesTag,
  scopesTag,
} from '../layout.ts';
import { Reader } from '../reader.ts';
import { type Signal, unreachable } from '../signal.ts';
import { addContainer, addPiece, cutSlices, type Piece, type Slice } from './slices.ts';
import { slotOfResource, slotOfSpan } from './slot.ts';

/** What one walk over a request finds. */
export interface Scan {
  /** Spans, log records or data points. */
  records: number;
  /** One per partition met; none for a request without records. */
  slices: Slice[];
}

/**
 * Cuts `body`, an `Export<Signal>ServiceRequest` in protobuf, by ordering key: the trace id of a
 * span, the resource of a log record or data point. `slots` maps each of the 65,536 slots to its
 * partition. Records with equal bytes under equal resource and scope never part; the order of
 * records inside a slice is the request's. What is wrong inside a record is no error here.
 *
 * The slices hold views of `body`: do not change it while they live.
 * @throws OtlpError when the framing is malformed, or there are more than `most` records.
 */
export function scan(
  signal: Signal,
  body: Uint8Array,
  slots: Uint16Array,
  most: number = recordsMax,
): Scan {
  const walk = new Walk(signal, body, slots, most);
  const pieces = walk.request();
  return { records: walk.records, slices: cutSlices(body, pieces) };
}

/** Counts records as `scan` does. @throws OtlpError as `scan` does. */
export function countRecords(signal: Signal, body: Uint8Array): number {
  const walk = new Walk(signal, body, oneSlot, recordsMax);
  walk.request();
  return walk.records;
}

/** A resource is one field; given more than once it is merged, but not without end. */
const repeatedMax = 1024;
const repeated = `the resource is given more than ${repeatedMax} times`;
const oneSlot = new Uint16Array(65_536);

/** What keeps records together and in order: their trace, or the resource that they lie under. */
const orderedBy: Readonly<Record<Signal, 'trace' | 'resource'>> = {
  traces: 'trace',
  logs: 'resource',
  metrics: 'resource',
};

class Walk {
  readonly #signal: Signal;
  readonly #byTrace: boolean;
  readonly #reader: Reader;
  readonly #slots: Uint16Array;
  readonly #place: Place;
  readonly #most: number;
  records = 0;

  constructor(signal: Signal, body: Uint8Array, slots: Uint16Array, most: number) {
    this.#signal = signal;
    this.#byTrace = orderedBy[signal] === 'trace';
    this.#reader = new Reader(body);
    this.#slots = slots;
    this.#place = new Place(signal);
    this.#most = most;
  }

  request(): Piece[] {
    const reader = this.#reader;
    const pieces: Piece[] = [];
    atPlace(this.#place, () => {
      while (reader.more) {
        const start = reader.pos;
        const tag = reader.tag();
        if (tag === resourcesTag) this.#resource(start, pieces);
        else reader.skip(tag);
      }
    });
    return pieces;
  }

  #resource(start: number, pieces: Piece[]): void {
    const reader = this.#reader;
    this.#place.next(0);
    const outer = reader.enter();
    const content = reader.pos;
    const before = this.records;
    const inside: Piece[] = [];
    const resources: Uint8Array[] = [];
    while (reader.more) {
      const at = reader.pos;
      const tag = reader.tag();
      if (tag === scopesTag) this.#scope(at, inside);
      else if (tag === commonTag && !this.#byTrace) {
        if (resources.length === repeatedMax) throw new WireError(repeated, at);
        resources.push(reader.blob());
      } else reader.skip(tag);
    }
    reader.leave(outer);
    checkRecords(this.records, this.#most);
    this.#place.leave(0);
    const end = reader.pos;
    if (this.#byTrace) addContainer(pieces, { start, content, end }, inside);
    else if (this.records > before) {
      // Given twice, a resource is merged: its bytes are those of both.
      const bytes = resources.length === 1 ? resources[0] : Buffer.concat(resources);
      const slot = slotOfResource(bytes as Uint8Array);
      addPiece(pieces, start, end, this.#slots[slot] as number, this.records - before);
    }
  }

  #scope(start: number, pieces: Piece[]): void {
    const reader = this.#reader;
    this.#place.next(1);
    const outer = reader.enter();
    const content = reader.pos;
    switch (this.#signal) {
      case 'traces': {
        const inside = this.#spans();
        addContainer(pieces, { start, content, end: reader.limit }, inside);
        break;
      }
      case 'logs':
        this.#logRecords();
        break;
      case 'metrics':
        this.#metrics();
        break;
      default:
        unreachable(this.#signal);
    }
    reader.leave(outer);
    this.#place.leave(1);
  }

  #spans(): Piece[] {
    const reader = this.#reader;
    const place = this.#place;
    const pieces: Piece[] = [];
    while (reader.more) {
      const start = reader.pos;
      const tag = reader.tag();
      if (tag === recordsTag) {
        place.next(2);
        const length = reader.length();
        const end = reader.pos + length;
        const slot = slotOfSpan(reader.bytes, reader.pos, end);
        addPiece(pieces, start, end, this.#slots[slot] as number, 1);
        reader.pos = end;
        // At once: each piece costs memory.
        checkRecords(++this.records, this.#most);
        place.leave(2);
      } else reader.skip(tag);
    }
    return pieces;
  }

  #logRecords(): void {
    this.records += this.#count(recordsTag, 2);
  }

  #metrics(): void {
    const reader = this.#reader;
    while (reader.more) {
      const tag = reader.tag();
      if (tag !== recordsTag) {
        reader.skip(tag);
        continue;
      }
      this.#place.next(2);
      const outer = reader.enter();
      this.#metric();
      reader.leave(outer);
      this.#place.leave(2);
    }
  }

  /** Reads a metric. Of the oneof `data` the last type counts; one type given twice is merged. */
  #metric(): void {
    const reader = this.#reader;
    let dataTag = 0;
    let points = 0;
    while (reader.more) {
      const tag = reader.tag();
      const type = metricTypeByTag.get(tag);
      if (type === undefined) {
        reader.skip(tag);
        continue;
      }
      if (tag !== dataTag) points = 0;
      dataTag = tag;
      this.#place.dataName = type;
      const outer = reader.enter();
      points += this.#count(pointsTag, 3);
      reader.leave(outer);
    }
    this.records += points;
  }

  /** Elements of one repeated message field. */
  #count(wanted: number, level: number): number {
    const reader = this.#reader;
    let count = 0;
    while (reader.more) {
      const tag = reader.tag();
      if (tag === wanted) {
        this.#place.next(level);
        count++;
      }
      reader.skip(tag);
      this.#place.leave(level);
    }
    return count;
  }
}
