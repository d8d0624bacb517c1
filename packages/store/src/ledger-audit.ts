import { type MessageId, messageName, resubmitGateway } from '@spillway/broker';
import type { AppliedMessage, NotedMessage, RowCount } from './ledger.ts';
import type {
  Bucket,
  Difference,
  Hole,
  LedgerCounts,
  LedgerReport,
  MissingRows,
  OpenMinute,
  SinkCounts,
  SinkName,
} from './ledger-report.ts';

/** A message, or a part of one, that was found somewhere. */
export interface Sighting extends Bucket {
  id: MessageId;
  records: number;
  foreign?: boolean;
}

export interface SinkFacts {
  applied: readonly AppliedMessage[];
  rows: readonly RowCount[];
  /** In the log and not committed by the sink's group; those it applied already may be among them. */
  waiting: readonly Sighting[];
  /** Dead letters of the group that were not resubmitted; `id` is that of the message cut. */
  deadLetters: readonly Sighting[];
  /** Noted messages that retention removed from the log before the group read them. */
  expired: readonly Sighting[];
}

export interface AuditFacts {
  noted: readonly (NotedMessage & { gateway: string; epoch: number })[];
  refused: readonly (Bucket & { records: number })[];
  spilled: readonly Sighting[];
  sinks: Readonly<Record<SinkName, SinkFacts>>;
}

export const sinkNames: readonly SinkName[] = ['writer', 'search'];

/**
 * Adds up what is known of every message, per tenant, signal and minute of acceptance, for each
 * sink. No term is what the others leave over: a row counts because it is there, a message waits
 * because it was read in the log. What was accepted is what the gateways noted, and beyond their
 * last note what was seen anywhere.
 */
export function audit(facts: AuditFacts): LedgerReport {
  const accepted = acceptedMessages(facts);
  const report = emptyReport();
  for (const message of accepted.values()) {
    for (const counts of countsOf(report, message)) {
      counts.accepted += message.records;
      if (message.foreign) counts.foreign += message.records;
    }
  }
  for (const refused of facts.refused) {
    for (const counts of countsOf(report, refused)) counts.refused += refused.records;
  }
  for (const sink of sinkNames) auditSink(report, sink, facts, accepted);
  return report;
}

type Accepted = ReadonlyMap<string, Sighting>;

/** By name of the message. Resubmitted letters were accepted with the message they came from. */
function acceptedMessages({ noted, spilled, sinks }: AuditFacts): Accepted {
  const found = new Map<string, Sighting>();
  const see = (sighting: Sighting): void => {
    const name = messageName(sighting.id);
    if (sighting.id.gateway !== resubmitGateway && !found.has(name)) found.set(name, sighting);
  };
  for (const { gateway, epoch, topic, partition, sequence, ...rest } of noted) {
    see({ ...rest, id: { gateway, epoch, topic, partition, sequence } });
  }
  for (const sink of sinkNames) sinks[sink].applied.forEach(see);
  for (const sink of sinkNames) sinks[sink].waiting.forEach(see);
  spilled.forEach(see);
  // A letter may hold less than its message did, so it is the last one to be believed.
  for (const sink of sinkNames) sinks[sink].deadLetters.forEach(see);
  return found;
}

function auditSink(
  report: LedgerReport,
  sink: SinkName,
  { sinks, spilled }: AuditFacts,
  accepted: Accepted,
): void {
  const { applied, rows, waiting, deadLetters, expired } = sinks[sink];
  const buckets = new Buckets();
  const remembered = new Buckets();
  const done = new Set(applied.map(({ id }) => messageName(id)));
  const left = waiting.filter(({ id }) => !done.has(messageName(id)));
  for (const message of accepted.values()) buckets.of(message).accepted += message.records;
  for (const row of rows) buckets.of(row).stored += row.rows + row.retired;
  for (const message of applied) {
    buckets.of(message).duplicates += message.duplicates;
    remembered.of(message).stored += message.stored;
  }
  for (const message of left) buckets.of(message).waiting += message.records;
  for (const message of spilled) buckets.of(message).spilled += message.records;
  for (const letter of deadLetters) buckets.of(letter).deadLettered += letter.records;
  for (const message of expired) buckets.of(message).expired += message.records;
  const missing = missingRows(sink, buckets, remembered);
  const seen = [left, spilled, deadLetters, expired].flat().map(({ id }) => messageName(id));
  const nowhere = holes(sink, accepted, new Set([...done, ...seen]));
  report.missingRows.push(...missing);
  report.holes.push(...nowhere);
  const named = new Map<string, number>();
  for (const { rows, ...place } of missing) addTo(named, place, Math.abs(rows));
  for (const { records, ...place } of nowhere) addTo(named, place, records);
  for (const [bucket, counts] of buckets) {
    counts.difference = counts.accepted - accountedFor(counts);
    // A surplus of rows could hide a lost message in the difference, but not in what is named.
    const unaccounted = Math.max(Math.abs(counts.difference), named.get(bucketName(bucket)) ?? 0);
    book(report, sink, bucket, { ...counts, unaccounted });
  }
}

function addTo(sums: Map<string, number>, bucket: Bucket, records: number): void {
  sums.set(bucketName(bucket), (sums.get(bucketName(bucket)) ?? 0) + records);
}

function accountedFor(counts: SinkCounts): number {
  const { stored, duplicates, waiting, spilled, deadLettered, expired } = counts;
  return stored + duplicates + waiting + spilled + deadLettered + expired;
}

function book(report: LedgerReport, sink: SinkName, bucket: Bucket, counts: SinkCounts): void {
  const total = report.bySink[sink];
  for (const term of Object.keys(counts) as (keyof SinkCounts)[]) total[term] += counts[term];
  for (const sums of countsOf(report, bucket)) {
    sums.unaccounted += counts.unaccounted;
    if (sink === 'search') {
      sums.searchable += counts.stored;
      continue;
    }
    for (const term of writerTerms) sums[term] += counts[term];
  }
  const { waiting } = counts;
  if (waiting) report.open.push({ sink, ...bucket, waiting } satisfies OpenMinute);
  if (counts.unaccounted) {
    report.differences.push({ sink, ...bucket, ...counts } satisfies Difference);
  }
}

const writerTerms = [
  'stored',
  'duplicates',
  'waiting',
  'spilled',
  'deadLettered',
  'expired',
] as const;

function missingRows(sink: SinkName, buckets: Buckets, remembered: Buckets): MissingRows[] {
  const names = new Map(
    [...buckets, ...remembered].map(([bucket]) => [bucketName(bucket), bucket]),
  );
  return [...names.values()].flatMap((bucket) => {
    const rows = remembered.of(bucket).stored - buckets.of(bucket).stored;
    return rows ? [{ sink, ...bucket, rows }] : [];
  });
}

function holes(sink: SinkName, accepted: Accepted, seen: ReadonlySet<string>): Hole[] {
  return [...accepted].flatMap(([name, { id, tenant, signal, minute, records }]) =>
    seen.has(name) ? [] : [{ sink, ...id, tenant, signal, minute, records }],
  );
}

class Buckets {
  readonly #byName = new Map<string, [Bucket, SinkCounts]>();

  of({ tenant, signal, minute }: Bucket): SinkCounts {
    const bucket = { tenant, signal, minute };
    const name = bucketName(bucket);
    let entry = this.#byName.get(name);
    if (!entry) {
      entry = [bucket, emptySinkCounts()];
      this.#byName.set(name, entry);
    }
    return entry[1];
  }

  [Symbol.iterator](): IterableIterator<[Bucket, SinkCounts]> {
    return this.#byName.values();
  }
}

/** The sums that a bucket belongs to. */
export function countsOf(report: LedgerReport, { tenant, signal }: Bucket): LedgerCounts[] {
  report.bySignal[signal] ??= emptyCounts();
  report.byTenant[tenant] ??= emptyCounts();
  return [report.totals, report.bySignal[signal], report.byTenant[tenant]];
}

export function emptyReport(): LedgerReport {
  return {
    totals: emptyCounts(),
    bySignal: {},
    byTenant: Object.create(null) as Record<string, LedgerCounts>,
    bySink: { writer: emptySinkCounts(), search: emptySinkCounts() },
    open: [],
    differences: [],
    holes: [],
    missingRows: [],
  };
}

function emptyCounts(): LedgerCounts {
  return {
    accepted: 0,
    stored: 0,
    searchable: 0,
    duplicates: 0,
    waiting: 0,
    spilled: 0,
    deadLettered: 0,
    expired: 0,
    refused: 0,
    foreign: 0,
    unaccounted: 0,
  };
}

function emptySinkCounts(): SinkCounts {
  return {
    accepted: 0,
    stored: 0,
    duplicates: 0,
    waiting: 0,
    spilled: 0,
    deadLettered: 0,
    expired: 0,
    difference: 0,
    unaccounted: 0,
  };
}

function bucketName({ tenant, signal, minute }: Bucket): string {
  return `${tenant}\n${signal}\n${minute}`;
}
