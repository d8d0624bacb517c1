import type { SpanRecord } from '@spillway/otlp';
import { bucketMs, durationBucket, durationMsOf, isRequest } from '@spillway/store/live';
import { idOf, operationName, serviceName } from '../names.ts';

const minuteMs = 60_000;

/** A name and minute, with what is to be added to its fields (see `lua/cells.lua`). */
interface Cell {
  scope: string;
  id: string;
  name: string;
  minute: number;
  last: number;
  fields: Record<string, number>;
}

/** One side of a call that may wait for the other (see `lua/span-pairs.lua`). */
interface Half {
  /** Index among the keys. */
  record: number;
  isClient: 0 | 1;
  pair: string;
  shard: number;
  service: string;
  bucket: number;
  isError: 0 | 1;
  time: number;
}

/**
 * What the script is to do for the spans of one message or piece, added up as if none of them were a
 * duplicate; `shares` says what each one put in: two cells (of operation and service) and fields.
 */
export class Effects {
  readonly keys: (string | number)[] = [];
  readonly cells: Cell[] = [];
  readonly halves: Half[] = [];
  readonly shares: (0 | (number | string)[])[] = [];
  readonly #places = new Map<string, number>();

  get size(): number {
    return this.shares.length;
  }

  add(span: SpanRecord, timeMs: number): void {
    const { key } = span;
    this.keys.push(memberOf(key), Number.parseInt(key.slice(24), 16));
    const service = serviceName(span.resource.service);
    const bucket = durationBucket(durationMsOf(span));
    const isError = span.statusCode === 2;
    this.#addHalf(span, { service, bucket, isError: isError ? 1 : 0, time: timeMs });
    if (!isRequest(span)) {
      this.shares.push(0);
      return;
    }
    const minute = Math.floor(timeMs / minuteMs);
    const slot = Math.floor((timeMs - minute * minuteMs) / bucketMs);
    const fields = [`n${slot}`, `h${bucket}`];
    if (isError) fields.push(`e${slot}`);
    const serviceId = idOf('s', service);
    const name = operationName(service, span.kind, span.name);
    const cells = [
      this.#cell('s', serviceId, service, minute),
      this.#cell(`o:${serviceId}`, idOf('o', name), name, minute),
    ];
    for (const at of cells) {
      const cell = this.cells[at] as Cell;
      cell.last = Math.max(cell.last, timeMs);
      for (const field of fields) cell.fields[field] = (cell.fields[field] ?? 0) + 1;
    }
    this.shares.push([...cells, ...fields]);
  }

  #cell(scope: string, id: string, name: string, minute: number): number {
    const place = `${id}${minute}`;
    const known = this.#places.get(place);
    if (known !== undefined) return known;
    const at = this.cells.push({ scope, id, name, minute, last: 0, fields: {} }) - 1;
    this.#places.set(place, at);
    return at;
  }

  #addHalf(span: SpanRecord, half: Pick<Half, 'service' | 'bucket' | 'isError' | 'time'>): void {
    const isClient = span.kind === 3 || span.kind === 4;
    const isServer = (span.kind === 2 || span.kind === 5) && span.parentSpanId !== '';
    if (!isClient && !isServer) return;
    const pair = span.traceId.slice(16) + (isClient ? span.spanId : span.parentSpanId);
    const record = this.shares.length;
    this.halves.push({ record, isClient: isClient ? 1 : 0, pair, shard: shardOf(pair), ...half });
  }
}

/** 64 of the key's 128 bits as the integer of a set; others choose the set. */
function memberOf(key: string): string {
  return BigInt.asIntN(64, BigInt(`0x${key.slice(0, 16)}`)).toString();
}

/** FNV-1a: span ids are not always random in all of their digits. */
function shardOf(pair: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < pair.length; i++) {
    hash = Math.imul(hash ^ pair.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % 1024;
}
