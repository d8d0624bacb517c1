import { type OutgoingMessage, type PublishOutcome, stampHeaders, topicOf } from '@spillway/broker';
import type { Signal } from '@spillway/otlp';
import type { LedgerNotes } from './ledger-notes.ts';
import { type Load, letterOf, type OversizeRecord } from './oversize.ts';
import { overloaded, type Refusal } from './refusal.ts';
import { Counts, type GatewayStats } from './stats.ts';

/** One request's messages. */
export interface Parcel {
  signal: Signal;
  tenant: string;
  receivedMs: number;
  traceparent: string | undefined;
  slices: readonly Load[];
  /** The request is answered already: do not publish what is still waiting. */
  cancelled: () => boolean;
}

/** All of it is durable, but for records that no retry can save. */
export interface Delivery {
  rejectedRecords: number;
  message: string;
}

export interface SequencedMessage extends OutgoingMessage {
  sequence: number;
}

export interface ParcelsOptions {
  gateway: string;
  epoch: number;
  notes: LedgerNotes;
}

/** Gives messages their identity on the way out, and accounts for every record by its outcome. */
export class Parcels {
  readonly #options: ParcelsOptions;
  readonly #sequences = new Map<string, number>();
  #letters = 0;
  readonly #accepted = new Counts<{ signal: Signal; tenant: string }>();
  readonly #refused = new Counts<{ signal: Signal; tenant: string; reason: string }>();

  constructor(options: ParcelsOptions) {
    this.#options = options;
  }

  /** Call in the order of publishing: each message takes the next sequence of its partition. */
  messagesOf(parcel: Parcel): SequencedMessage[] {
    const { gateway, epoch } = this.#options;
    const { signal, tenant, receivedMs, traceparent } = parcel;
    const topic = topicOf[signal];
    return parcel.slices.map((slice) => {
      if (slice.refused) return this.#letter(parcel, slice);
      const { partition, records, chunks, ordinals } = slice;
      const sequence = this.#nextSequence(`${topic}/${partition}`);
      return {
        topic,
        partition,
        sequence,
        key: `${tenant}/${partition}`,
        value: chunks,
        headers: stampHeaders({
          gateway,
          epoch,
          sequence,
          tenant,
          records,
          receivedMs,
          traceparent,
          ordinals,
        }),
      };
    });
  }

  #letter(parcel: Parcel, { partition, refused }: Load): SequencedMessage {
    const { gateway, epoch } = this.#options;
    const sequence = ++this.#letters;
    const stamp = { ...parcel, partition, seq: `${gateway}/${epoch}/${sequence}` };
    const key = `${parcel.tenant}/${partition}`;
    return { ...letterOf(refused as OversizeRecord, stamp), partition, sequence, key, value: [] };
  }

  /** `outcomes` and `messages` are the parcel's own, slice by slice. */
  settle(
    parcel: Parcel,
    messages: readonly SequencedMessage[],
    outcomes: readonly PublishOutcome[],
  ): Delivery | Refusal {
    let refusal: Refusal | undefined;
    let rejectedRecords = 0;
    let message = '';
    parcel.slices.forEach((slice, i) => {
      const outcome = outcomes[i] ?? { status: 'unknown', message: 'no outcome' };
      if (outcome.status === 'durable' && slice.refused) {
        this.#refuse(parcel, slice.records, 'too-large');
        rejectedRecords += slice.records;
        message = slice.refused.reason;
      } else if (outcome.status === 'durable') {
        this.#accept(parcel, slice, messages[i] as SequencedMessage, outcome.position);
      } else if (outcome.status === 'refused' && outcome.code === 'too-large') {
        this.#refuse(parcel, slice.records, 'too-large');
        rejectedRecords += slice.records;
        message = outcome.message;
      } else {
        // A topic that is missing is for the operator to mend, not for the client to drop.
        const code = outcome.status === 'unknown' ? 'broker-unknown' : 'broker-refused';
        this.#refuse(parcel, slice.records, outcome.status === 'unknown' ? code : outcome.code);
        refusal = overloaded(code, `the broker did not take it: ${outcome.message}`);
      }
    });
    return refusal ?? { rejectedRecords, message };
  }

  /** Refused without having been published. */
  refuse(parcel: Parcel, reason: string): void {
    this.#refuse(
      parcel,
      parcel.slices.reduce((sum, slice) => sum + slice.records, 0),
      reason,
    );
  }

  stats(): Pick<GatewayStats, 'recordsAccepted' | 'recordsRefused'> {
    return { recordsAccepted: this.#accepted.stats(), recordsRefused: this.#refused.stats() };
  }

  #accept(
    { signal, tenant, receivedMs }: Parcel,
    { records, partition }: Load,
    { topic, sequence }: SequencedMessage,
    position: number | undefined,
  ): void {
    const minute = minuteOf(receivedMs);
    this.#accepted.add({ signal, tenant }, records);
    this.#options.notes.durable({
      topic,
      partition,
      sequence,
      position,
      tenant,
      signal,
      minute,
      records,
    });
  }

  #refuse({ signal, tenant, receivedMs }: Parcel, records: number, reason: string): void {
    this.#refused.add({ signal, tenant, reason }, records);
    this.#options.notes.refused(tenant, signal, minuteOf(receivedMs), records);
  }

  #nextSequence(partition: string): number {
    const sequence = (this.#sequences.get(partition) ?? 0) + 1;
    this.#sequences.set(partition, sequence);
    return sequence;
  }
}

function minuteOf(receivedMs: number): number {
  return Math.floor(receivedMs / 60_000);
}
