import { type MessageId, messageName, resubmitGateway } from '@spillway/broker';
import {
  add,
  Buckets,
  bucketName,
  countsOf,
  emptyCounts,
  emptyReport,
  emptySinkCounts,
  sinkCountsOf,
} from './counts.ts';
import type { AppliedMessage, KeptNotedMessage, RowCount } from './facts.ts';
import type {
  Bucket,
  Difference,
  Hole,
  LedgerCounts,
  LedgerReport,
  MissingRows,
  OpenMinute,
  SinkCounts,
  WaitingSpill,
} from './report.ts';
import type { SinkSpec } from './sinks.ts';

/** A message, or a part of one, that was found somewhere. */
export interface Observation extends Bucket {
  id: MessageId;
  records: number;
  foreign?: boolean;
}

/** What is known of one store. */
export interface SinkFacts {
  sink: SinkSpec;
  applied: readonly AppliedMessage[];
  rows: readonly RowCount[];
  /** In the log and not committed by the sink's group; those it applied already may be among them. */
  waiting: readonly Observation[];
  /** Dead letters of the group that were not resubmitted; `id` is that of the message cut. */
  deadLetters: readonly Observation[];
  /**
   * Noted messages that retention removed from the log before the group read them, and records of
   * dead letters of the group that it removed.
   */
  expired: readonly Observation[];
  /** Noted messages of a queue that cannot be read and whose turn has not passed. */
  undecided: readonly Observation[];
}

/** A noted message that lies in a spill and was seen nowhere else. */
export interface SpilledObservation extends Observation {
  spill: string;
}

/** Everything that an audit adds up. */
export interface AuditFacts {
  noted: readonly Omit<KeptNotedMessage, 'notedMinute'>[];
  refused: readonly (Bucket & { records: number })[];
  spilled: readonly SpilledObservation[];
  /** Those known, with who noted them last. */
  spills: readonly Pick<WaitingSpill, 'spill' | 'lastGateway' | 'atMs' | 'isSilent'>[];
  /** Of every store that is accounted for. */
  sinks: readonly SinkFacts[];
}

/**
 * Adds up what is known of every message, per tenant, signal and minute of acceptance, for each
 * sink. No term is what the others leave over: a row counts because it is there, a message waits
 * because it was read in the log. What was accepted is what the gateways noted, and beyond their
 * last note what was seen anywhere.
 */
export function audit(facts: AuditFacts): LedgerReport {
  const accepted = acceptedMessages(facts);
  const report = emptyReport(facts.sinks.map(({ sink }) => sink));
  const minutes = new Buckets(emptyCounts);
  for (const message of accepted.values()) {
    const counts = minutes.of(message);
    counts.accepted += message.records;
    if (message.foreign) counts.foreign += message.records;
  }
  for (const refused of facts.refused) minutes.of(refused).refused += refused.records;
  for (const sink of facts.sinks) auditSink({ report, minutes }, sink, facts.spilled, accepted);
  for (const [bucket, counts] of minutes) {
    for (const sums of countsOf(report, bucket)) add(sums, counts);
    report.minutes.push({ ...bucket, ...counts });
  }
  report.spills.push(...waitingSpills(facts));
  return report;
}

/** What a sink's account is entered into. */
interface Books {
  report: LedgerReport;
  minutes: Buckets<LedgerCounts>;
}

function waitingSpills({ spilled, spills }: AuditFacts): WaitingSpill[] {
  const bySpill = Map.groupBy(spilled, ({ spill }) => spill);
  return spills.flatMap((noted) => {
    const messages = bySpill.get(noted.spill) ?? [];
    if (messages.length === 0) return [];
    const records = messages.reduce((sum, message) => sum + message.records, 0);
    return [{ ...noted, messages: messages.length, records }];
  });
}

type Accepted = ReadonlyMap<string, Observation>;

/**
 * Finds accepted messages by name. Resubmitted dead letters were accepted with the message they
 * came from.
 */
function acceptedMessages({ noted, spilled, sinks }: AuditFacts): Accepted {
  const found = new Map<string, Observation>();
  const see = (sighting: Observation): void => {
    const name = messageName(sighting.id);
    if (sighting.id.gateway !== resubmitGateway && !found.has(name)) found.set(name, sighting);
  };
  for (const { gateway, epoch, topic, partition, sequence, ...rest } of noted) {
    see({ ...rest, id: { gateway, epoch, topic, partition, sequence } });
  }
  for (const { applied } of sinks) applied.forEach(see);
  for (const { waiting } of sinks) waiting.forEach(see);
  spilled.forEach(see);
  // A dead letter may hold less than its message did, so it is the last one to be believed.
  for (const { deadLetters } of sinks) deadLetters.forEach(see);
  return found;
}

function auditSink(
  books: Books,
  { sink, applied, rows, waiting, deadLetters, expired, undecided }: SinkFacts,
  spilled: AuditFacts['spilled'],
  accepted: Accepted,
): void {
  const buckets = new Buckets(emptySinkCounts);
  const remembered = new Buckets(emptySinkCounts);
  const done = new Set(applied.filter(isWhole).map(({ id }) => messageName(id)));
  const left = waiting.filter(({ id }) => !done.has(messageName(id)));
  const begun = new Map(applied.map((message) => [messageName(message.id), countedOf(message)]));
  for (const message of accepted.values()) buckets.of(message).accepted += message.records;
  for (const row of rows) buckets.of(row).stored += row.rows + row.retired;
  for (const message of applied) {
    buckets.of(message).duplicates += message.duplicates;
    remembered.of(message).stored += message.stored;
  }
  for (const message of left) {
    buckets.of(message).waiting += message.records - (begun.get(messageName(message.id)) ?? 0);
  }
  for (const message of spilled) buckets.of(message).spilled += message.records;
  for (const deadLetter of deadLetters) buckets.of(deadLetter).deadLettered += deadLetter.records;
  for (const message of expired) buckets.of(message).expired += message.records;
  for (const message of undecided) buckets.of(message).undecided += message.records;
  const missing = missingRows(sink.name, buckets, remembered);
  const seen = [left, spilled, deadLetters, expired, undecided]
    .flat()
    .map(({ id }) => messageName(id));
  const nowhere = holes(sink.name, accepted, new Set([...done, ...seen]));
  books.report.missingRows.push(...missing);
  books.report.holes.push(...nowhere);
  const named = new Map<string, number>();
  for (const { rows, ...place } of missing) addTo(named, place, Math.abs(rows));
  for (const { records, ...place } of nowhere) addTo(named, place, records);
  for (const [bucket, counts] of buckets) {
    counts.difference = counts.accepted - accountedFor(counts);
    // A surplus of rows could hide a lost message in the difference, but not in what is named.
    const unaccounted = Math.max(Math.abs(counts.difference), named.get(bucketName(bucket)) ?? 0);
    book(books, sink, bucket, { ...counts, unaccounted });
  }
}

/** A message that comes in parts may be applied up to one of them: what is left of it waits. */
function isWhole(message: AppliedMessage): boolean {
  return countedOf(message) >= message.records;
}

function countedOf({ stored, duplicates, deadLettered }: AppliedMessage): number {
  return stored + duplicates + deadLettered;
}

function addTo(sums: Map<string, number>, bucket: Bucket, records: number): void {
  sums.set(bucketName(bucket), (sums.get(bucketName(bucket)) ?? 0) + records);
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

function missingRows(
  sink: string,
  buckets: Buckets<SinkCounts>,
  remembered: Buckets<SinkCounts>,
): MissingRows[] {
  const names = new Map(
    [...buckets, ...remembered].map(([bucket]) => [bucketName(bucket), bucket]),
  );
  return [...names.values()].flatMap((bucket) => {
    const rows = remembered.of(bucket).stored - buckets.of(bucket).stored;
    return rows ? [{ sink, ...bucket, rows }] : [];
  });
}

function holes(sink: string, accepted: Accepted, seen: ReadonlySet<string>): Hole[] {
  return [...accepted].flatMap(([name, { id, tenant, signal, minute, records }]) =>
    seen.has(name) ? [] : [{ sink, ...id, tenant, signal, minute, records }],
  );
}
