import type { SpanRecord } from '@spillway/otlp';
import type {
  MapEdge,
  OperationSummary,
  ServiceSummary,
  Tail,
  TailQuery,
  TimeRange,
} from '@spillway/store';
import {
  bucketMs,
  durationMsOf,
  isRequest,
  redOf,
  rollUpName,
  Sparkline,
  serviceBytesMax,
  sortEdges,
  sortOperations,
  sortServices,
} from '@spillway/store/live';
import { LiveNames, separator, serviceOf } from './live-names.ts';
import { RecentKeys } from './recent-keys.ts';
import { RecentRecords, type Shown } from './recent-records.ts';
import { Cell, RollUp } from './roll-up.ts';
import { SpanPairs } from './span-pairs.ts';

export interface TenantLimits {
  /** Names of operations and of edges within the window; the services among them are fewer. */
  seriesMax: number;
  /** Cells of operations and edges together; the oldest buckets go when more come. */
  cellsMax: number;
  /**
   * Bytes of everything that is kept of the tenant; the largest part of it goes when it grows
   * beyond.
   */
  bytesMax: number;
  pendingMax: number;
  pendingWaitMs: number;
  keysWindowMs: number;
  keysMax: number;
}

export interface TenantLiveOptions {
  limits: TenantLimits;
  clock: () => number;
  /** Takes the id of the next record in the tail. */
  nextId: () => number;
}

/** What is kept of a tenant of which there is nothing: its maps and tables. */
export const tenantBytes = 8_192;

/** The live view of one tenant: roll-ups, spans that wait, keys that came, the tail. */
export class TenantLive {
  readonly #limits: TenantLimits;
  readonly #operations = new RollUp();
  readonly #edges = new RollUp();
  readonly #names: LiveNames;
  readonly #pairs: SpanPairs;
  readonly #keys: RecentKeys;
  readonly #recent: Record<TailQuery['signal'], RecentRecords>;
  #bucketsCut = 0;

  constructor(options: TenantLiveOptions) {
    const { limits, clock } = options;
    this.#limits = limits;
    this.#names = new LiveNames(limits.seriesMax);
    this.#pairs = new SpanPairs({ waitMs: limits.pendingWaitMs, pendingMax: limits.pendingMax });
    this.#keys = new RecentKeys({ windowMs: limits.keysWindowMs, keysMax: limits.keysMax, clock });
    this.#recent = { traces: new RecentRecords(options), logs: new RecentRecords(options) };
  }

  stats() {
    return {
      series: this.#names.size,
      cells: this.#operations.cells + this.#edges.cells,
      bytes: this.bytes,
      pendingSpans: this.#pairs.size,
      pendingEvicted: this.#pairs.evicted,
      overflowed: this.#names.overflowed,
      bucketsCut: this.#bucketsCut,
      keysCutShort: this.#keys.cutShort,
    };
  }

  /** About, of everything that is kept. */
  get bytes(): number {
    const { traces, logs } = this.#recent;
    const counted = this.#operations.bytes + this.#edges.bytes + this.#names.bytes;
    const seen = this.#pairs.bytes + this.#keys.bytes + traces.bytes + logs.bytes;
    return tenantBytes + counted + seen;
  }

  get isEmpty(): boolean {
    return this.bytes === tenantBytes;
  }

  /** False for the key of a record that came before. */
  isNew(key: string): boolean {
    return this.#keys.add(key);
  }

  add(span: SpanRecord, timeMs: number, nowMs: number): void {
    const service = serviceOf(span);
    if (isRequest(span)) {
      const name = this.#names.operation(span, service, timeMs);
      const durationMs = durationMsOf(span);
      this.#operations.add(name, { timeMs, durationMs, isError: span.statusCode === 2 });
    }
    for (const call of this.#pairs.add(span, service, timeMs, nowMs)) {
      this.#edges.add(this.#names.edge(call.from, call.to, call.timeMs), call);
    }
    while (this.#operations.cells + this.#edges.cells > this.#limits.cellsMax) this.#cut();
    this.#stayBelow(this.#limits.bytesMax);
  }

  /** Into the tail. */
  show(signal: TailQuery['signal'], shown: Shown): void {
    this.#recent[signal].add(shown);
    this.#stayBelow(this.#limits.bytesMax);
  }

  expire({ windowStartMs, nowMs }: { windowStartMs: number; nowMs: number }): void {
    this.#operations.dropBefore(windowStartMs);
    this.#edges.dropBefore(windowStartMs);
    this.#names.forgetBefore(windowStartMs - bucketMs + 1);
    this.#pairs.expire(nowMs);
    this.#keys.expire();
    for (const recent of Object.values(this.#recent)) recent.expire();
  }

  /** Makes room by what is oldest in the largest part; false when there is nothing left to go. */
  giveWay(): boolean {
    const before = this.bytes;
    const { traces, logs } = this.#recent;
    const parts = [traces, logs, this.#pairs, this.#keys] as const;
    const largest = parts.reduce((a, b) => (a.bytes >= b.bytes ? a : b));
    if (largest.bytes > this.#operations.bytes + this.#edges.bytes) largest.giveWay();
    else this.#cut();
    return this.bytes < before;
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
    const prefix = `${rollUpName(range.service, serviceBytesMax)}${separator}`;
    for (const { name, cell } of this.#operations.read(range.fromMs, range.toMs)) {
      if (name.startsWith(prefix)) mergeInto(found, name, cell);
    }
    return sortOperations(
      [...found].map(([name, cell]) => {
        const [, kind, operation = ''] = name.split(separator);
        return { operation, kind: Number(kind), ...redOf(cell, range) };
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

  tail(query: TailQuery): Tail {
    return this.#recent[query.signal].tail(query);
  }

  #stayBelow(bytesMax: number): void {
    while (this.bytes > bytesMax && this.giveWay());
  }

  /** The oldest bucket of operations and edges. */
  #cut(): void {
    const oldest = [this.#operations.oldestMs, this.#edges.oldestMs];
    const startMs = Math.min(...oldest.filter((each) => each !== undefined));
    this.#operations.dropBefore(startMs + bucketMs);
    this.#edges.dropBefore(startMs + bucketMs);
    this.#names.forgetBefore(startMs + bucketMs);
    this.#bucketsCut++;
  }
}

function mergeInto(found: Map<string, Cell>, name: string, cell: Cell): void {
  const sum = found.get(name) ?? new Cell();
  found.set(name, sum);
  sum.merge(cell);
}
