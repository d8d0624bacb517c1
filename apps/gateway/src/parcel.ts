import { readEnvelope, signalOf, stampHeaders, topicOf } from '@spillway/broker';
import type { Signal } from '@spillway/otlp';
import type { SpilledMessage } from '@spillway/spill';
import { Counts } from './counters.ts';
import type { Delivery, Parcel } from './delivery.ts';
import type { LedgerNotes } from './ledger-notes.ts';
import { type Load, letterOf, type OversizeRecord } from './oversize.ts';
import type { Cargo, CargoOutcome, Shipment } from './publish/cargo.ts';
import { overloaded, type Refusal } from './refusal.ts';

export interface RecordStats {
  /** Made durable. */
  recordsAccepted: { signal: Signal; tenant: string; count: number }[];
  /** Refused after they were counted; bodies refused unread are in `requests` alone. */
  recordsRefused: { signal: Signal; tenant: string; reason: string; count: number }[];
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
  load(shipment: Shipment): void {
    const { gateway, epoch } = this.#options;
    const { signal, tenant, receivedMs, traceparent, slices } = shipment.parcel;
    const topic = topicOf[signal];
    const identity = { gateway, epoch, tenant, receivedMs, traceparent };
    shipment.cargo = slices.map((slice) => {
      if (slice.refused) return this.#letter(shipment, slice);
      const { partition, records, chunks, ordinals } = slice;
      const sequence = this.#nextSequence(`${topic}/${partition}`);
      const headers = stampHeaders({ ...identity, sequence, records, ordinals });
      const key = `${tenant}/${partition}`;
      const outcome = undefined;
      return { topic, partition, key, value: chunks, headers, sequence, shipment, outcome };
    });
    shipment.left = slices.length;
  }

  #letter(shipment: Shipment, { partition, refused }: Load): Cargo {
    const { gateway, epoch } = this.#options;
    const { parcel } = shipment;
    this.#letters += 1;
    const sequence = this.#letters;
    const stamp = { ...parcel, partition, seq: `${gateway}/${epoch}/${sequence}` };
    const { topic, headers } = letterOf(refused as OversizeRecord, stamp);
    const key = `${parcel.tenant}/${partition}`;
    const outcome = undefined;
    return { topic, partition, key, value: [], headers, sequence, shipment, outcome };
  }

  /** Every message has its outcome. */
  settle({ parcel, cargo }: Shipment): Delivery | Refusal {
    let refusal: Refusal | undefined;
    const delivery: Delivery = { rejectedRecords: 0, message: '', ack: 'broker' };
    parcel.slices.forEach((slice, i) => {
      const message = cargo[i] as Cargo;
      const outcome = message.outcome as CargoOutcome;
      const isDurable = outcome.status === 'durable' || outcome.status === 'spilled';
      if (outcome.status === 'spilled') delivery.ack = 'spill';
      if (isDurable && slice.refused) {
        this.#refuse(parcel, slice.records, 'too-large');
        delivery.rejectedRecords += slice.records;
        delivery.message = slice.refused.reason;
      } else if (isDurable) {
        const position = outcome.status === 'durable' ? outcome.position : undefined;
        this.#accept(parcel, slice, message, position);
      } else if (outcome.status === 'refused' && outcome.code === 'too-large') {
        this.#refuse(parcel, slice.records, 'too-large');
        delivery.rejectedRecords += slice.records;
        delivery.message = outcome.message;
      } else refusal = this.#refusal(parcel, slice, outcome);
    });
    return refusal ?? delivery;
  }

  /** Spilled by this gateway or by another, it is on the broker now: there it can be found. */
  drained(message: SpilledMessage, position: number | undefined): void {
    const { topic, partition, headers } = message;
    const place = { topic, partition, position: 0, timestampMs: undefined };
    const { id, tenant, receivedMs, records = 0 } = readEnvelope({ ...place, headers });
    const signal = signalOf(topic);
    if (!signal) return;
    const { gateway, epoch, sequence } = id;
    const isOwn = gateway === this.#options.gateway && epoch === this.#options.epoch;
    this.#options.notes.durable({
      ...(!isOwn && { gateway, epoch }),
      ...{ topic, partition, sequence, position, tenant, signal, records },
      minute: minuteOf(receivedMs),
    });
  }

  /** Refused without having been published. */
  refuse(parcel: Parcel, reason: string): void {
    this.#refuse(
      parcel,
      parcel.slices.reduce((sum, slice) => sum + slice.records, 0),
      reason,
    );
  }

  stats(): RecordStats {
    return { recordsAccepted: this.#accepted.stats(), recordsRefused: this.#refused.stats() };
  }

  #accept(
    { signal, tenant, receivedMs }: Parcel,
    { records, partition }: Load,
    { topic, sequence }: Cargo,
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

  /** A topic that is missing is for the operator to mend, not for the client to drop. */
  #refusal(
    parcel: Parcel,
    { records }: Load,
    outcome: Exclude<CargoOutcome, { status: 'durable' | 'spilled' }>,
  ): Refusal {
    const { status, message } = outcome;
    if (status === 'unspilled') {
      this.#refuse(parcel, records, outcome.code);
      const text = `neither the broker nor the spill takes it: ${message}`;
      return overloaded(outcome.code, text, outcome.retryAfterMs);
    }
    const code = status === 'unknown' ? 'broker-unknown' : 'broker-refused';
    this.#refuse(parcel, records, status === 'unknown' ? code : outcome.code);
    return overloaded(code, `the broker did not take it: ${message}`);
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
