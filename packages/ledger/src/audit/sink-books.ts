import { messageName } from '@spillway/broker';
import { add, Buckets, bucketName, emptySinkCounts, sinkCountsOf } from '../counts.ts';
import type { AppliedMessage, RowCount } from '../facts.ts';
import { entriesMax, leaveOff } from '../merge.ts';
import type {
  Bucket,
  Difference,
  Hole,
  LedgerCounts,
  LedgerReport,
  MissingRows,
  OpenMinute,
  SinkCounts,
} from '../report.ts';
import type { SinkSpec } from '../sinks.ts';
import type { Observation, SinkFacts, SpilledObservation } from './audit-facts.ts';

/** What a sink's account is entered into. */
export interface Books {
  report: LedgerReport;
  minutes: Buckets<LedgerCounts>;
}

/** The account of one sink, of the messages of a range. */
export class SinkBooks {
  readonly sink: SinkSpec;
  readonly #buckets = new Buckets<SinkCounts>(emptySinkCounts);
  /** What it says itself that it stored. */
  readonly #remembered = new Buckets<SinkCounts>(emptySinkCounts);
  readonly #holes: Hole[] = [];
  /** Records by bucket, of all holes; and how many are not listed. */
  readonly #named = new Map<string, number>();
  #holesLeftOff = 0;

  constructor(sink: SinkSpec) {
    this.sink = sink;
  }

  add(
    { applied, waiting, deadLetters, expired, undecided }: SinkFacts,
    spilled: readonly SpilledObservation[],
    accepted: ReadonlyMap<string, Observation>,
  ): void {
    const buckets = this.#buckets;
    const done = new Set(applied.filter(isWhole).map(({ id }) => messageName(id)));
    const left = waiting.filter(({ id }) => !done.has(messageName(id)));
    const begun = new Map(applied.map((message) => [messageName(message.id), countedOf(message)]));
    for (const message of accepted.values()) buckets.of(message).accepted += message.records;
    for (const message of applied) {
      buckets.of(message).duplicates += message.duplicates;
      this.#remembered.of(message).stored += message.stored;
    }
    for (const message of left) {
      buckets.of(message).waiting += message.records - (begun.get(messageName(message.id)) ?? 0);
    }
    for (const message of spilled) buckets.of(message).spilled += message.records;
    for (const deadLetter of deadLetters) buckets.of(deadLetter).deadLettered += deadLetter.records;
    for (const message of expired) buckets.of(message).expired += message.records;
    for (const message of undecided) buckets.of(message).undecided += message.records;
    const seen = done;
    for (const sightings of [left, spilled, deadLetters, expired, undecided]) {
      for (const { id } of sightings) seen.add(messageName(id));
    }
    for (const [name, message] of accepted) if (!seen.has(name)) this.#addHole(message);
  }

  /** Enters the account, with the rows that the sink has of the range. */
  close(rows: readonly RowCount[], books: Books): void {
    for (const row of rows) this.#buckets.of(row).stored += row.rows + row.retired;
    const missing = this.#missingRows();
    books.report.missingRows.push(...missing);
    books.report.holes.push(...this.#holes);
    leaveOff(books.report, 'holes', this.#holesLeftOff);
    for (const { rows, ...place } of missing) this.#name(place, Math.abs(rows));
    for (const [bucket, counts] of this.#buckets) {
      counts.difference = counts.accepted - accountedFor(counts);
      // A surplus of rows could hide a lost message in the difference, but not in what is named.
      const named = this.#named.get(bucketName(bucket)) ?? 0;
      const unaccounted = Math.max(Math.abs(counts.difference), named);
      book(books, this.sink, bucket, { ...counts, unaccounted });
    }
  }

  #addHole({ id, tenant, signal, minute, records }: Observation): void {
    const hole = { sink: this.sink.name, ...id, tenant, signal, minute, records };
    this.#name(hole, records);
    if (this.#holes.length < entriesMax) this.#holes.push(hole);
    else this.#holesLeftOff += 1;
  }

  #name(bucket: Bucket, records: number): void {
    const name = bucketName(bucket);
    this.#named.set(name, (this.#named.get(name) ?? 0) + records);
  }

  #missingRows(): MissingRows[] {
    const all = [...this.#buckets, ...this.#remembered];
    const names = new Map(all.map(([bucket]) => [bucketName(bucket), bucket]));
    return [...names.values()].flatMap((bucket) => {
      const rows = this.#remembered.of(bucket).stored - this.#buckets.of(bucket).stored;
      return rows ? [{ sink: this.sink.name, ...bucket, rows }] : [];
    });
  }
}

/** A message that comes in parts may be applied up to one of them: what is left of it waits. */
function isWhole(message: AppliedMessage): boolean {
  return countedOf(message) >= message.records;
}

function countedOf({ stored, duplicates, deadLettered }: AppliedMessage): number {
  return stored + duplicates + deadLettered;
}

function accountedFor(counts: SinkCounts): number {
  const { stored, duplicates, waiting, spilled, deadLettered, expired, undecided } = counts;
  return stored + duplicates + waiting + spilled + deadLettered + expired + undecided;
}

function book(
  { report, minutes }: Books,
  { name: sink, side, storedAs }: SinkSpec,
  bucket: Bucket,
  counts: SinkCounts,
): void {
  add(sinkCountsOf(report, sink), counts);
  const sums = minutes.of(bucket);
  sums.unaccounted += counts.unaccounted;
  if (storedAs) sums[storedAs] += counts.stored;
  if (side === 'write') for (const term of writeSideTerms) sums[term] += counts[term];
  const { waiting, undecided } = counts;
  if (waiting || undecided) {
    report.open.push({ sink, ...bucket, waiting, undecided } satisfies OpenMinute);
  }
  if (counts.unaccounted) {
    report.differences.push({ sink, ...bucket, ...counts } satisfies Difference);
  }
}

const writeSideTerms = [
  'stored',
  'duplicates',
  'waiting',
  'spilled',
  'deadLettered',
  'expired',
  'undecided',
] as const;
