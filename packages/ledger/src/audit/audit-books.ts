import { messageName, resubmitGateway } from '@spillway/broker';
import { add, Buckets, countsOf, emptyCounts, emptyReport } from '../counts.ts';
import type { LedgerCounts, LedgerReport, WaitingSpill } from '../report.ts';
import type { SinkSpec } from '../sinks.ts';
import type {
  MessageFacts,
  Observation,
  RangeFacts,
  SinkFacts,
  SpilledObservation,
} from './audit-facts.ts';
import { SinkBooks } from './sink-books.ts';

/**
 * Adds up what is known of every message, per tenant, signal and minute of acceptance, for each
 * sink. No term is what the others leave over: a row counts because it is there, a message waits
 * because it was read in the log. What was accepted is what the gateways noted, and beyond their
 * last note what was seen anywhere.
 *
 * The messages of a range come all at once or in parts, each message in one part with everything
 * that is known of it: no more of them is in memory than one part.
 */
export class AuditBooks {
  readonly #sinks: readonly SinkBooks[];
  readonly #minutes = new Buckets<LedgerCounts>(emptyCounts);
  readonly #spilled = new Map<string, { messages: number; records: number }>();

  constructor(sinks: readonly SinkSpec[]) {
    this.#sinks = sinks.map((sink) => new SinkBooks(sink));
  }

  add(facts: MessageFacts): void {
    const accepted = acceptedMessages(facts);
    for (const message of accepted.values()) {
      const counts = this.#minutes.of(message);
      counts.accepted += message.records;
      if (message.foreign) counts.foreign += message.records;
    }
    for (const books of this.#sinks) {
      books.add(factsOf(facts.sinks, books.sink), facts.spilled, accepted);
    }
    for (const { spill, records } of facts.spilled) this.#addSpilled(spill, records);
  }

  /** The account of the range that all the messages were of; called once, behind the last part. */
  close({ rows, refused, spills }: RangeFacts): LedgerReport {
    const report = emptyReport(this.#sinks.map(({ sink }) => sink));
    for (const each of refused) this.#minutes.of(each).refused += each.records;
    for (const books of this.#sinks) {
      books.close(rows.get(books.sink.name) ?? [], { report, minutes: this.#minutes });
    }
    for (const [bucket, counts] of this.#minutes) {
      for (const sums of countsOf(report, bucket)) add(sums, counts);
      report.minutes.push({ ...bucket, ...counts });
    }
    report.spills.push(...spills.flatMap((spill) => this.#waitingIn(spill)));
    return report;
  }

  #addSpilled(spill: string, records: number): void {
    const sum = this.#spilled.get(spill) ?? { messages: 0, records: 0 };
    this.#spilled.set(spill, sum);
    sum.messages += 1;
    sum.records += records;
  }

  #waitingIn(spill: RangeFacts['spills'][number]): WaitingSpill[] {
    const sum = this.#spilled.get(spill.spill);
    return sum ? [{ ...spill, ...sum }] : [];
  }
}

function factsOf(all: readonly SinkFacts[], { name }: SinkSpec): SinkFacts {
  const found = all.find(({ sink }) => sink.name === name);
  if (!found) throw new Error(`nothing is known of the sink ${name}`);
  return found;
}

/**
 * Finds accepted messages by name. Resubmitted dead letters were accepted with the message they
 * came from.
 */
function acceptedMessages({ noted, spilled, sinks }: MessageFacts): Map<string, Observation> {
  const found = new Map<string, Observation>();
  const see = (sighting: Observation | SpilledObservation): void => {
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
