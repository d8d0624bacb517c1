/** The records that came last, as the live tail shows them: cut to a size, at a bounded rate. */
import {
  type AnyValue,
  type LogRecord,
  type SpanRecord,
  type TelemetryRecord,
  unreachable,
} from '@spillway/otlp';
import { durationMsOf } from './live-answers.ts';
import type { TailItem, TailQuery } from './live-store.ts';
import { rollUpName } from './roll-up-name.ts';

/** How long the tail keeps a record. */
export const tailMs = 900_000;
const textMax = 4_000;
const nameBytesMax = 200;
/** Bytes of one item as JSON, so that several fit into a value of 10 KB. */
const itemBytesMax = 7_900;

/**
 * Makes the tail item of a record, cut to what the tail may keep of one, without its id, which the
 * store gives. Undefined for metrics, which the tail does not show.
 */
export function tailItemOf(record: TelemetryRecord): TailItem | undefined {
  const item = fullItemOf(record);
  if (item === undefined) return undefined;
  while (Buffer.byteLength(JSON.stringify(item)) > itemBytesMax) {
    item.text = item.text.slice(0, item.text.length / 2);
    item.isCut = true;
  }
  return item;
}

function fullItemOf(record: TelemetryRecord): TailItem | undefined {
  switch (record.signal) {
    case 'traces':
      return spanItem(record);
    case 'logs':
      return logItem(record);
    case 'metrics':
      return undefined;
    default:
      return unreachable(record);
  }
}

/**
 * Whether an item passes the filters of a query: service, lowest severity (of logs alone) and
 * words. Its tenant, signal and place in the tail are the store's to look at.
 */
export function isInTail(item: TailItem, query: TailQuery): boolean {
  const { service, severityMin } = query;
  if (service !== undefined && item.service !== cut(service)) return false;
  if (severityMin !== undefined && item.signal === 'logs' && item.severityNumber < severityMin) {
    return false;
  }
  const words = query.query?.toLowerCase().split(/\s+/).filter(Boolean) ?? [];
  const text = words.length > 0 ? item.text.toLowerCase() : '';
  return words.every((word) => text.includes(word));
}

/** Most names whose skipped records are remembered. */
const namesMax = 10_000;

/** Lets through so many records a second, per name. */
export class TailRate {
  readonly #perSecond: number;
  #second = 0;
  readonly #taken = new Map<string, number>();
  readonly #skipped = new Map<string, number>();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /**
   * How many of `wanted` may be shown now, and how many were skipped since the last time that any
   * might.
   */
  take(name: string, wanted: number, nowMs: number): { granted: number; skipped: number } {
    const second = Math.floor(nowMs / 1_000);
    if (second !== this.#second) this.#taken.clear();
    this.#second = second;
    const taken = this.#taken.get(name) ?? 0;
    const granted = Math.min(wanted, this.#perSecond - taken);
    this.#taken.set(name, taken + granted);
    const skipped = (this.#skipped.get(name) ?? 0) + wanted - granted;
    this.#skipped.delete(name);
    if (granted > 0) return { granted, skipped };
    if (skipped > 0 && this.#skipped.size < namesMax) this.#skipped.set(name, skipped);
    return { granted, skipped: 0 };
  }
}

function logItem(log: LogRecord): TailItem {
  const full = log.body === undefined ? log.eventName : textOf(log.body, textMax + 1);
  return {
    id: '',
    signal: 'logs',
    key: log.key,
    timeUnixNano: String(log.timeUnixNano || log.observedTimeUnixNano),
    service: cut(log.resource.service),
    traceId: log.traceId,
    spanId: log.spanId,
    text: full.slice(0, textMax),
    isCut: full.length > textMax,
    severityNumber: log.severityNumber,
    severityText: cut(log.severityText),
  };
}

function spanItem(span: SpanRecord): TailItem {
  return {
    id: '',
    signal: 'traces',
    key: span.key,
    timeUnixNano: String(span.startTimeUnixNano),
    service: cut(span.resource.service),
    traceId: span.traceId,
    spanId: span.spanId,
    text: span.name.slice(0, textMax),
    isCut: span.name.length > textMax,
    kind: span.kind,
    durationMs: durationMsOf(span),
    statusCode: span.statusCode,
  };
}

function cut(name: string): string {
  return rollUpName(name, nameBytesMax);
}

/** Writes a value as a person would, at most about `max` characters of it: bodies may be large. */
function textOf(value: AnyValue, max: number): string {
  const { arrayValue, kvlistValue } = value;
  if (arrayValue) return listText(arrayValue.values, max, (item, left) => textOf(item, left));
  if (kvlistValue) {
    return listText(kvlistValue.values, max, (item, left) => {
      return `${item.key.slice(0, left)}=${textOf(item.value, left)}`;
    });
  }
  const scalar =
    value.stringValue ?? value.intValue ?? value.doubleValue ?? value.boolValue ?? value.bytesValue;
  return String(scalar ?? '').slice(0, max);
}

function listText<T>(
  items: readonly T[],
  max: number,
  text: (item: T, left: number) => string,
): string {
  let whole = '';
  for (const item of items) {
    if (whole.length >= max) break;
    whole += `${whole ? ' ' : ''}${text(item, max - whole.length)}`;
  }
  return whole;
}
