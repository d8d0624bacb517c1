import type { Bucket, LedgerCounts, LedgerReport, SinkCounts } from './report.ts';
import type { SinkSpec } from './sinks.ts';

/** Counts per tenant, signal and minute. */
export class Buckets<T extends LedgerCounts | SinkCounts> {
  readonly #byName = new Map<string, [Bucket, T]>();
  readonly #empty: () => T;

  constructor(empty: () => T) {
    this.#empty = empty;
  }

  of({ tenant, signal, minute }: Bucket): T {
    const bucket = { tenant, signal, minute };
    const name = bucketName(bucket);
    let entry = this.#byName.get(name);
    if (!entry) {
      entry = [bucket, this.#empty()];
      this.#byName.set(name, entry);
    }
    return entry[1];
  }

  [Symbol.iterator](): IterableIterator<[Bucket, T]> {
    return this.#byName.values();
  }
}

/** Finds the sums of a report that a bucket adds to: the totals, its signal's and its tenant's. */
export function countsOf(report: LedgerReport, { tenant, signal }: Bucket): LedgerCounts[] {
  report.bySignal[signal] ??= emptyCounts();
  report.byTenant[tenant] ??= emptyCounts();
  return [report.totals, report.bySignal[signal], report.byTenant[tenant]];
}

/** Finds the counts of a sink by its name; a report without that sink gets zeros for it. */
export function sinkCountsOf({ bySink }: LedgerReport, sink: string): SinkCounts {
  bySink[sink] ??= emptySinkCounts();
  return bySink[sink];
}

export function emptyReport(sinks: readonly Pick<SinkSpec, 'name' | 'title'>[]): LedgerReport {
  return {
    totals: emptyCounts(),
    bySignal: {},
    byTenant: Object.create(null) as Record<string, LedgerCounts>,
    sinks: sinks.map(({ name, title }) => ({ name, title })),
    bySink: Object.fromEntries(sinks.map(({ name }) => [name, emptySinkCounts()])),
    minutes: [],
    open: [],
    differences: [],
    holes: [],
    missingRows: [],
    missingNotes: [],
    spills: [],
    keptAside: [],
    unreadNotes: 0,
    leftOff: {},
  };
}

export function emptyCounts(): LedgerCounts {
  return {
    accepted: 0,
    stored: 0,
    searchable: 0,
    duplicates: 0,
    waiting: 0,
    spilled: 0,
    deadLettered: 0,
    expired: 0,
    undecided: 0,
    refused: 0,
    foreign: 0,
    unaccounted: 0,
  };
}

export function emptySinkCounts(): SinkCounts {
  return {
    accepted: 0,
    stored: 0,
    duplicates: 0,
    waiting: 0,
    spilled: 0,
    deadLettered: 0,
    expired: 0,
    undecided: 0,
    difference: 0,
    unaccounted: 0,
  };
}

export function bucketName({ tenant, signal, minute }: Bucket): string {
  return `${tenant}\n${signal}\n${minute}`;
}

export function add<T extends LedgerCounts | SinkCounts>(to: T, from: T): void {
  for (const term of Object.keys(from) as (keyof T)[]) {
    to[term] = ((to[term] as number) + (from[term] as number)) as T[keyof T];
  }
}
