import type { SpanRecord } from '@spillway/otlp';
import type { MapEdge, OperationSummary, ServiceSummary, TimeRange } from '@spillway/store';
import {
  bucketMs,
  durationMsOf,
  isRequest,
  redOf,
  Sparkline,
  sortEdges,
  sortOperations,
  sortServices,
} from '@spillway/store/live';
import { Cell, RollUp } from './roll-up.ts';
import { SpanPairs } from './span-pairs.ts';

/** What does not fit under the limit of names is counted here. */
export const otherName = 'other';

export interface TenantLimits {
  /** Names of operations and of edges within the window; the services among them are fewer. */
  seriesMax: number;
  /** Cells of operations and edges together; the oldest bucket goes when more come. */
  cellsMax: number;
  pendingMax: number;
  pendingWaitMs: number;
}

const separator = '\u0000';

/** The roll-ups of one tenant. */
export class TenantLive {
  readonly #limits: TenantLimits;
  readonly #operations = new RollUp();
  readonly #edges = new RollUp();
  readonly #pairs: SpanPairs;
  /** Names in use and when they were last, so that a name that was admitted stays so. */
  readonly #names = new Map<string, number>();
  #overflowed = 0;
  #bucketsCut = 0;

  constructor(limits: TenantLimits) {
    this.#limits = limits;
    this.#pairs = new SpanPairs({ waitMs: limits.pendingWaitMs, pendingMax: limits.pendingMax });
  }

  stats() {
    return {
      series: this.#names.size,
      cells: this.#operations.cells + this.#edges.cells,
      pendingSpans: this.#pairs.size,
      pendingEvicted: this.#pairs.evicted,
      overflowed: this.#overflowed,
      bucketsCut: this.#bucketsCut,
    };
  }

  add(span: SpanRecord, timeMs: number, nowMs: number): void {
    const { service } = span.resource;
    if (isRequest(span)) {
      const name = this.#admit([service, String(span.kind), span.name], timeMs);
      const cell = this.#operations.cell(name, timeMs);
      cell.add(durationMsOf(span), span.statusCode === 2, timeMs);
    }
    for (const call of this.#pairs.add(span, timeMs, nowMs)) {
      const name = this.#admit([call.from, call.to], call.timeMs);
      this.#edges.cell(name, call.timeMs).add(call.durationMs, call.isError, call.timeMs);
    }
    while (this.#operations.cells + this.#edges.cells > this.#limits.cellsMax) this.#cut();
  }

  expire(windowStartMs: number): void {
    this.#operations.dropBefore(windowStartMs);
    this.#edges.dropBefore(windowStartMs);
    for (const [name, lastMs] of this.#names) {
      if (lastMs + bucketMs <= windowStartMs) this.#names.delete(name);
    }
  }

  services(range: TimeRange): ServiceSummary[] {
    const found = new Map<string, { cell: Cell; sparkline: Sparkline }>();
    for (const { startMs, name, cell } of this.#operations.read(range.fromMs, range.toMs)) {
      const [service = ''] = name.split(separator);
      const entry = found.get(service) ?? { cell: new Cell(), sparkline: new Sparkline(range) };
      found.set(service, entry);
      entry.cell.merge(cell);
      entry.sparkline.add(startMs, cell.count);
    }
    return sortServices(
      [...found].map(([service, { cell, sparkline }]) => ({
        service,
        ...redOf(cell, range),
        sparkline: sparkline.counts,
      })),
    );
  }

  operations(range: TimeRange & { service: string }): OperationSummary[] {
    const found = new Map<string, Cell>();
    for (const { name, cell } of this.#operations.read(range.fromMs, range.toMs)) {
      if (name.startsWith(`${range.service}${separator}`)) mergeInto(found, name, cell);
    }
    return sortOperations(
      [...found].map(([name, cell]) => {
        const [, kind, ...operation] = name.split(separator);
        return {
          operation: operation.join(separator),
          kind: Number(kind),
          ...redOf(cell, range),
        };
      }),
    );
  }

  map(range: TimeRange): MapEdge[] {
    const found = new Map<string, Cell>();
    for (const { name, cell } of this.#edges.read(range.fromMs, range.toMs)) {
      mergeInto(found, name, cell);
    }
    return sortEdges(
      [...found].map(([name, { count, errors, durations }]) => {
        const [from = '', to = ''] = name.split(separator);
        return { from, to, calls: count, errors, p95Ms: durations.quantile(0.95) };
      }),
    );
  }

  /** The name to count under: itself, or `other` in its place when too many are in use. */
  #admit(parts: readonly string[], timeMs: number): string {
    const name = parts.join(separator);
    if (this.#names.has(name) || this.#names.size < this.#limits.seriesMax) {
      this.#names.set(name, Math.max(timeMs, this.#names.get(name) ?? 0));
      return name;
    }
    this.#overflowed++;
    const isEdge = parts.length === 2;
    if (isEdge) return [otherName, otherName].join(separator);
    const [service = ''] = parts;
    return [this.#isKnown(service) ? service : otherName, '0', otherName].join(separator);
  }

  /** Only when the limit is reached: whether the service itself has a place. */
  #isKnown(service: string): boolean {
    const prefix = `${service}${separator}`;
    for (const name of this.#names.keys()) if (name.startsWith(prefix)) return true;
    return false;
  }

  #cut(): void {
    this.#operations.dropOldest();
    this.#edges.dropOldest();
    this.#bucketsCut++;
  }
}

function mergeInto(found: Map<string, Cell>, name: string, cell: Cell): void {
  const sum = found.get(name) ?? new Cell();
  found.set(name, sum);
  sum.merge(cell);
}
