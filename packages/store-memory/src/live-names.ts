import type { SpanRecord } from '@spillway/otlp';
import { operationBytesMax, otherName, rollUpName, serviceBytesMax } from '@spillway/store/live';

/** The character between the parts of a name; no part holds it. */
export const separator = '\u0000';
/** Measured: of a name in use, beside its characters. */
const nameBytes = 200;

interface Known {
  name: string;
  /** Service of an operation. */
  service: string | undefined;
  lastMs: number;
}

export function serviceOf(span: SpanRecord): string {
  return rollUpName(span.resource.service, serviceBytesMax);
}

/**
 * Names in use and when they were last, so that a name that was admitted stays so. Both their number
 * and their length are bounded; what finds no room gets the name of all others.
 */
export class LiveNames {
  readonly #seriesMax: number;
  readonly #known = new Map<string, Known>();
  /** Operations in use per service. */
  readonly #services = new Map<string, number>();
  #overflowed = 0;
  #bytes = 0;

  constructor(seriesMax: number) {
    this.#seriesMax = seriesMax;
  }

  get size(): number {
    return this.#known.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How often a name found no room. */
  get overflowed(): number {
    return this.#overflowed;
  }

  /** The name to count a request under: its own, or that of all others of its service. */
  operation({ kind, name }: SpanRecord, service: string, timeMs: number): string {
    const parts = [service, kind, rollUpName(name, operationBytesMax)];
    const admitted = this.#admit(parts.join(separator), service, timeMs);
    if (admitted !== undefined) return admitted;
    const under = this.#services.has(service) ? service : otherName;
    return [under, 0, otherName].join(separator);
  }

  edge(from: string, to: string, timeMs: number): string {
    const admitted = this.#admit([from, to].join(separator), undefined, timeMs);
    return admitted ?? [otherName, otherName].join(separator);
  }

  /** Those that were not in use since: nothing is counted under them any more. */
  forgetBefore(timeMs: number): void {
    for (const known of this.#known.values()) if (known.lastMs < timeMs) this.#forget(known);
  }

  /** The one string of that name that all cells share; undefined when there is no room for it. */
  #admit(name: string, service: string | undefined, timeMs: number): string | undefined {
    const known = this.#known.get(name);
    if (known) {
      known.lastMs = Math.max(known.lastMs, timeMs);
      return known.name;
    }
    if (this.#known.size >= this.#seriesMax) {
      this.#overflowed++;
      return undefined;
    }
    this.#known.set(name, { name, service, lastMs: timeMs });
    this.#bytes += bytesOf(name);
    if (service !== undefined) this.#services.set(service, (this.#services.get(service) ?? 0) + 1);
    return name;
  }

  #forget({ name, service }: Known): void {
    this.#known.delete(name);
    this.#bytes -= bytesOf(name);
    if (service === undefined) return;
    const left = (this.#services.get(service) ?? 0) - 1;
    if (left > 0) this.#services.set(service, left);
    else this.#services.delete(service);
  }
}

/** Two bytes a character, as V8 may need. */
function bytesOf(name: string): number {
  return nameBytes + 2 * name.length;
}
