/** Walks a message record by record, so that no more of it is built than is asked for. */

import { type Fault, faultOf, inner } from '../fault.ts';
import { Place, pointsTag, recordsLieIn, recordsTag, resourcesTag, scopesTag } from '../layout.ts';
import { Reader } from '../reader.ts';
import { RecordKeys } from '../record-keys.ts';
import { seriesKeyOf } from '../series-key.ts';
import type { Signal } from '../signal.ts';
import { unreachable } from '../signal.ts';
import { countRecords } from '../slice/scan.ts';
import { readLogRecord } from './decode-log.ts';
import { type MetricHead, readMetadata, readMetricHead } from './decode-metric.ts';
import { emptyResource, emptyScope, noScope, readResource, readScope } from './decode-owner.ts';
import { readPoint } from './decode-point.ts';
import { readSpan } from './decode-span.ts';
import type { DecodedSlice, SliceLimits } from './decoded-slice.ts';
import { type Around, ownerFields, type Payload, readOwner } from './owner-fields.ts';
import { SliceBuilder } from './slice-builder.ts';

export interface ReaderOptions {
  /** Part of every key. */
  tenant: string;
  /** Each record's ordinal among equals, by index, instead of counting them. */
  ordinals?: readonly number[] | undefined;
  /** Only counts the ordinals: no record is read. */
  keysOnly?: boolean;
}

/** Levels of the walk; at each the fields with one tag are entered. */
const [request, resource, scope, metric, data] = [0, 1, 2, 3, 4] as const;

/** Reads the records of a request one after the other, in slices of bounded memory. */
export class RequestReader {
  /** Records of the message, broken ones too. */
  readonly total: number;
  readonly #signal: Signal;
  readonly #reader: Reader;
  readonly #place: Place;
  readonly #keys: RecordKeys;
  readonly #slices: SliceBuilder;
  #index = 0;
  #level: number = request;
  /** The limit outside of each level that was entered. */
  readonly #outer: number[] = [];
  #resource: Around | undefined;
  #around: Around | undefined;
  #head: MetricHead | undefined;
  #metricFault: Fault | undefined;

  /** Checks the framing and the number of records first. @throws OtlpError exactly when `scan` does */
  constructor(signal: Signal, message: Uint8Array, options: ReaderOptions) {
    this.total = countRecords(signal, message);
    this.#signal = signal;
    this.#reader = new Reader(message);
    this.#place = new Place(signal);
    this.#slices = new SliceBuilder(this.#reader, this.#place, options);
    this.#keys = new RecordKeys(options.tenant, options.ordinals);
  }

  get isDone(): boolean {
    return this.#index === this.total;
  }

  /** Ordinals of the records read so far, by index; undefined while all are 0. */
  get ordinals(): number[] | undefined {
    return this.#keys.ordinals;
  }

  /** The next records, at least one where there is one. */
  next({ recordsMax, bytesMax }: SliceLimits): DecodedSlice {
    const slice = this.#slices.begin(this.#index);
    const last = Math.min(this.total, slice.from + recordsMax);
    while (this.#index < last && slice.bytes < bytesMax) this.#step();
    slice.to = this.#index;
    return slice;
  }

  /** To the next field of interest, or out of what has none left. */
  #step(): void {
    const reader = this.#reader;
    if (!reader.more) {
      if (this.#level === request) throw new Error('fewer records than were counted');
      reader.leave(this.#outer.pop() as number);
      this.#level -= 1;
      if (this.#level < metric) this.#place.leave(this.#level);
      return;
    }
    const tag = reader.tag();
    if (tag !== this.#wanted()) reader.skip(tag);
    else this.#enter();
  }

  #wanted(): number {
    switch (this.#level) {
      case request:
        return resourcesTag;
      case resource:
        return scopesTag;
      case scope:
        return recordsTag;
      case metric:
        return (this.#head as MetricHead).dataTag;
      default:
        return pointsTag;
    }
  }

  #enter(): void {
    const reader = this.#reader;
    const level = this.#level;
    const outer = reader.enter();
    const isRecord = level === scope && recordsLieIn[this.#signal] === 'scope';
    if (isRecord) this.#record(outer);
    else if (level === data) this.#point(outer);
    else {
      if (level === request) this.#enterResource();
      else if (level === resource) this.#enterScope();
      else if (level === scope) this.#enterMetric();
      this.#outer.push(outer);
      this.#level = level + 1;
    }
  }

  #enterResource(): void {
    this.#place.next(request);
    const common = ownerFields(this.#reader);
    const found = emptyResource(common.bytes, common.schemaUrl);
    const read = readOwner(this.#reader, inner.resource, common, (reader) =>
      readResource(reader, found),
    );
    const fault = faultOf(read, 'resource');
    this.#resource = { resource: found, scope: noScope, fault };
    this.#slices.enterResource(common);
  }

  #enterScope(): void {
    this.#place.next(resource);
    const common = ownerFields(this.#reader);
    const found = emptyScope(common.bytes, common.schemaUrl);
    const read = readOwner(this.#reader, inner.scope, common, (reader) => readScope(reader, found));
    const { resource: of, fault } = this.#resource as Around;
    this.#around = { resource: of, scope: found, fault: fault ?? faultOf(read, 'scope') };
    this.#slices.enterScope(common);
    this.#keys.setContext(of.hash, found.hash);
  }

  #enterMetric(): void {
    this.#place.next(scope);
    const reader = this.#reader;
    const start = reader.pos;
    const head = readMetricHead(reader);
    this.#head = head;
    this.#slices.enterMetric(head);
    if (head.dataTag === 0) return;
    const around = this.#around as Around;
    this.#metricFault = around.fault ?? readMetadata(head, start);
    this.#keys.setPrefix(head.header);
    reader.pos = head.dataFrom;
    this.#place.dataName = head.metric.type;
  }

  #record(outer: number): void {
    this.#place.next(scope);
    const reader = this.#reader;
    const around = this.#around as Around;
    const payload = this.#payload();
    const base = this.#base(around, payload);
    const signal = this.#signal;
    switch (signal) {
      case 'traces':
        this.#slices.take(payload, base, around.fault, inner.traces, () => readSpan(reader, base));
        break;
      case 'logs':
        this.#slices.take(payload, base, around.fault, inner.logs, () =>
          readLogRecord(reader, base),
        );
        break;
      case 'metrics': // Its points lie in metrics, below the scope: see #point.
        break;
      default:
        unreachable(signal);
    }
    this.#leaveRecord(payload, outer, scope);
  }

  #point(outer: number): void {
    this.#place.next(metric);
    const reader = this.#reader;
    const head = this.#head as MetricHead;
    const payload = this.#payload();
    const base = { ...this.#base(this.#around as Around, payload), metric: head.metric };
    this.#slices.take(payload, base, this.#metricFault, inner[head.metric.type], () => {
      const point = readPoint(reader, base);
      reader.pos = payload.offset;
      point.seriesKey = seriesKeyOf(this.#keys, head, reader);
      return point;
    });
    this.#leaveRecord(payload, outer, metric);
  }

  /** A broken record leaves the reader anywhere. */
  #leaveRecord({ bytes, offset }: Payload, outer: number, level: number): void {
    this.#reader.limit = offset + bytes.length;
    this.#reader.leave(outer);
    this.#place.leave(level);
  }

  #base({ resource: of, scope: under }: Around, payload: Payload) {
    const index = this.#index++;
    const key = this.#keys.keyOf(index, payload.bytes);
    return { key, index, resource: of, scope: under };
  }

  /** The rest of the message being read, not taken. */
  #payload(): Payload {
    const { pos, limit } = this.#reader;
    return { bytes: this.#reader.slice(pos, limit), offset: pos };
  }
}
