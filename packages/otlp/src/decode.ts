/** A message of the broker, or a request, as the records that the consumers work with. */
import { readLogRecord } from './decode-log.ts';
import { type MetricHead, readMetadata, readMetricHead } from './decode-metric.ts';
import { emptyResource, emptyScope, readResource, readScope } from './decode-owner.ts';
import { readPoint } from './decode-point.ts';
import { readSpan } from './decode-span.ts';
import { attempt, type Fault, faultOf, inner } from './fault.ts';
import { RecordKeys } from './keys.ts';
import {
  commonTag,
  Place,
  pointsTag,
  recordsTag,
  resourcesTag,
  schemaUrlTag,
  scopesTag,
} from './layout.ts';
import { Reader } from './reader.ts';
import type { DecodedRequest, Resource, Scope, Signal, TelemetryRecord } from './records.ts';
import { countRecords } from './scan.ts';
import { seriesKeyOf } from './series-key.ts';

export interface DecodeOptions {
  /** Part of every key. */
  tenant: string;
  /** Each record's ordinal among equals, by index, instead of counting them. */
  ordinals?: readonly number[] | undefined;
}

/**
 * Decodes an `Export<Signal>ServiceRequest`. A record that is malformed inside, or has wrong ids,
 * goes to `broken`; its neighbours do not notice. A malformed resource, scope or metric metadata
 * breaks the records under it. Text that is not UTF-8 gets U+FFFD, unknown fields are ignored, of
 * a field given twice the last counts (messages merge). Keys: see `keys.ts`.
 *
 * The result takes at most 300 bytes of heap for each byte of `message`, reached by data points that
 * are empty (two bytes each, at most `recordsMax`); telemetry takes about 5.
 * @throws OtlpError exactly when `scan` does.
 */
export function decode(
  signal: Signal,
  message: Uint8Array,
  options: DecodeOptions,
): DecodedRequest {
  // Checks the framing and the number of records before anything is built.
  countRecords(signal, message);
  return new Decoder(signal, message, options).request();
}

/**
 * Each record's ordinal among byte-equal records, as `decode` counts them; undefined when all are 0.
 * Reads no record, only resources and scopes. @throws OtlpError exactly when `scan` does.
 */
export function ordinalsOf(signal: Signal, message: Uint8Array): number[] | undefined {
  countRecords(signal, message);
  return new Decoder(signal, message, { tenant: '', keysOnly: true }).request().ordinals;
}

const noBytes: Uint8Array = new Uint8Array();

/** What surrounds a record. `fault` is that of the resource, the scope or the metric. */
interface Around {
  resource: Resource;
  scope: Scope;
  fault: Fault | undefined;
}

/** A stretch of the message: the payload of one record. */
interface Payload {
  bytes: Uint8Array;
  offset: number;
}

interface Common extends Payload {
  schemaUrl: Uint8Array;
  /** Put together from several fields: not a stretch of the message. */
  merged: boolean;
}

class Decoder {
  readonly #signal: Signal;
  readonly #reader: Reader;
  readonly #place: Place;
  readonly #keys: RecordKeys;
  readonly #request: DecodedRequest;
  readonly #keysOnly: boolean;
  #index = 0;

  constructor(
    signal: Signal,
    message: Uint8Array,
    { tenant, ordinals, keysOnly = false }: DecodeOptions & { keysOnly?: boolean },
  ) {
    this.#signal = signal;
    this.#keysOnly = keysOnly;
    this.#reader = new Reader(message);
    this.#place = new Place(signal);
    this.#keys = new RecordKeys(tenant, ordinals);
    this.#request = { signal, records: [], broken: [], ordinals: undefined };
  }

  request(): DecodedRequest {
    this.#each(resourcesTag, 0, () => this.#resourceField());
    return { ...this.#request, ordinals: this.#keys.ordinals };
  }

  #resourceField(): void {
    const common = this.#common();
    const resource = emptyResource(common.bytes, common.schemaUrl);
    const read = attempt(inner.resource, common, () => {
      this.#inside(common, (reader) => readResource(reader, resource));
    });
    const fault = faultOf(read, 'resource');
    this.#each(scopesTag, 1, () => this.#scopeField(resource, fault));
  }

  #scopeField(resource: Resource, resourceFault: Fault | undefined): void {
    const common = this.#common();
    const scope = emptyScope(common.bytes, common.schemaUrl);
    const read = attempt(inner.scope, common, () => {
      this.#inside(common, (reader) => readScope(reader, scope));
    });
    const around = { resource, scope, fault: resourceFault ?? faultOf(read, 'scope') };
    this.#keys.setContext(resource.hash, scope.hash);
    this.#each(recordsTag, 2, () => {
      if (this.#signal === 'metrics') this.#metric(around);
      else this.#record(around);
    });
  }

  #record(around: Around): void {
    const reader = this.#reader;
    const payload = this.#payload();
    const base = this.#base(around, payload);
    if (this.#keysOnly) return;
    if (this.#signal === 'traces') {
      this.#take(
        base,
        around.fault ?? attempt(inner.traces, payload, () => readSpan(reader, base)),
      );
    } else {
      const read = () => readLogRecord(reader, base);
      this.#take(base, around.fault ?? attempt(inner.logs, payload, read));
    }
  }

  #metric(around: Around): void {
    const reader = this.#reader;
    const start = reader.pos;
    const head = readMetricHead(reader);
    if (head.dataTag === 0) return;
    const fault = around.fault ?? readMetadata(head, start);
    this.#keys.setPrefix(head.header);
    reader.pos = head.dataFrom;
    this.#place.dataName = head.metric.type;
    while (reader.more) {
      const tag = reader.tag();
      if (tag !== head.dataTag) {
        reader.skip(tag);
        continue;
      }
      const outer = reader.enter();
      this.#each(pointsTag, 3, () => this.#point({ ...around, fault }, head));
      reader.leave(outer);
    }
  }

  #point(around: Around, head: MetricHead): void {
    const payload = this.#payload();
    const base = { ...this.#base(around, payload), metric: head.metric };
    if (this.#keysOnly) return;
    const read = () => {
      const point = readPoint(this.#reader, base);
      this.#reader.pos = payload.offset;
      point.seriesKey = seriesKeyOf(this.#keys, head, this.#reader);
      return point;
    };
    this.#take(base, around.fault ?? attempt(inner[head.metric.type], payload, read));
  }

  #base({ resource, scope }: Around, payload: Payload) {
    const index = this.#index++;
    return { key: this.#keys.keyOf(index, payload.bytes), index, resource, scope };
  }

  #take(
    { index, key }: { index: number; key: string },
    read: { value: TelemetryRecord } | Fault,
  ): void {
    if ('value' in read) this.#request.records.push(read.value);
    else {
      const reason = `${this.#place}: ${read.reason}`;
      this.#request.broken.push({ index, key, code: read.code, reason });
    }
  }

  /** The rest of the message being read, not taken. */
  #payload(): Payload {
    const { pos, limit } = this.#reader;
    return { bytes: this.#reader.slice(pos, limit), offset: pos };
  }

  /** Visits the fields with this tag, from inside each of them. */
  #each(wanted: number, level: number, visit: () => void): void {
    const reader = this.#reader;
    while (reader.more) {
      const tag = reader.tag();
      if (tag !== wanted) {
        reader.skip(tag);
        continue;
      }
      this.#place.next(level);
      const outer = reader.enter();
      const end = reader.limit;
      visit();
      // A broken record leaves the reader anywhere.
      reader.limit = end;
      reader.leave(outer);
      this.#place.leave(level);
    }
  }

  /** Reads a payload, and comes back. */
  #inside({ bytes, offset, merged }: Common, read: (reader: Reader) => void): void {
    if (merged) {
      read(new Reader(bytes));
      return;
    }
    const reader = this.#reader;
    const { pos, limit } = reader;
    reader.pos = offset;
    reader.limit = offset + bytes.length;
    try {
      read(reader);
    } finally {
      reader.pos = pos;
      reader.limit = limit;
    }
  }

  /** What a resource or scope field says of all its records, wherever it stands in it. */
  #common(): Common {
    const reader = this.#reader;
    const start = reader.pos;
    const parts: Uint8Array[] = [];
    let schemaUrl = noBytes;
    let offset = 0;
    while (reader.more) {
      const tag = reader.tag();
      if (tag === commonTag) {
        parts.push(reader.blob());
        offset = reader.pos - (parts.at(-1)?.length ?? 0);
      } else if (tag === schemaUrlTag) schemaUrl = reader.blob();
      else reader.skip(tag);
    }
    reader.pos = start;
    const bytes = parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
    return { bytes, offset, schemaUrl, merged: parts.length > 1 };
  }
}
