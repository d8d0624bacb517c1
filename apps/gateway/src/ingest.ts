import { type Broker, topicOf } from '@spillway/broker';
import { jsonToProtobuf, OtlpError, type Scan, type Signal, scan, signals } from '@spillway/otlp';
import { slotTable } from '@spillway/ring';
import type { InternalErrorEvent } from '@spillway/runtime';
import type { Spill } from '@spillway/spill';
import type { Ticket } from './admission.ts';
import type { Delivery } from './delivery.ts';
import type { GrowingBytes } from './growing-bytes.ts';
import { type Encoding, Inflater } from './inflate.ts';
import { knownTopics } from './known-topics.ts';
import type { LedgerNotes } from './ledger-notes.ts';
import { fitSlices } from './oversize.ts';
import type { Parcels } from './parcel.ts';
import type { Publisher } from './publish/publisher.ts';
import { overloaded, Refusal } from './refusal.ts';
import type { GatewayConfig } from './section.ts';
import type { DoorStats } from './stats.ts';

/** An admitted request whose body has arrived. */
export interface Arrival {
  signal: Signal;
  tenant: string;
  format: 'protobuf' | 'json';
  encoding: Encoding;
  /** The body as sent. Given up to the callee. */
  body: GrowingBytes;
  traceparent: string | undefined;
  /** Wall clock. */
  receivedMs: number;
  ticket: Ticket;
  /** The request is answered already, or nobody listens. */
  cancelled: () => boolean;
}

export interface IngestOptions {
  broker: Broker;
  config: GatewayConfig;
  /** The largest message that the broker takes. */
  messageBytesMax: number;
  parcels: Parcels;
  publisher: Publisher;
  notes: LedgerNotes;
  spill?: Spill | undefined;
  stats: DoorStats;
  report?: ((event: InternalErrorEvent) => void) | undefined;
}

/**
 * The smallest record with something to say, a data point with its time and value, takes 20 bytes; an
 * empty one takes 2 and costs its reader as much. So many of any size are let pass, and beyond them
 * one for each 16 bytes.
 */
const recordsOfAnySize = 1000;
const recordBytesMin = 16;

/** From a body to durable messages, the same for both doors. */
export class Ingest {
  readonly #options: IngestOptions;
  readonly #inflater = new Inflater();
  readonly #slots = new Map<Signal, Uint16Array>();

  constructor(options: IngestOptions) {
    this.#options = options;
  }

  /** Reads how many partitions each topic has. Throws when one is missing. */
  async start(): Promise<void> {
    const topics = await knownTopics(this.#options);
    for (const signal of signals) {
      const topic = topics.find(({ name }) => name === topicOf[signal]);
      if (!topic) throw new Error(`the broker has no topic ${topicOf[signal]}`);
      this.#slots.set(signal, slotTable(topic.partitions));
    }
  }

  bodyBytesMax(format: Arrival['format']): number {
    const { bodyBytesMax, jsonBodyBytesMax } = this.#options.config;
    return format === 'json' ? Math.min(jsonBodyBytesMax, bodyBytesMax) : bodyBytesMax;
  }

  /** Resolves when every record has its outcome. Gives the ticket back. Never rejects. */
  async take(arrival: Arrival): Promise<Delivery | Refusal> {
    const { ticket } = arrival;
    try {
      const result = await this.#take(arrival);
      if (result instanceof Refusal && result.retryAfterMs !== undefined) ticket.giveBack();
      return result;
    } catch (error) {
      this.#options.report?.({ type: 'internal-error', where: `${arrival.signal} request`, error });
      return new Refusal('internal', 'an error of the gateway, told to its operator');
    } finally {
      ticket.leave();
    }
  }

  async #take(arrival: Arrival): Promise<Delivery | Refusal> {
    const { signal, tenant, ticket, receivedMs, cancelled } = arrival;
    const received = arrival.body.length;
    const plain = await this.#plain(arrival);
    if (plain instanceof Refusal) return plain;
    const scanned = this.#scan(arrival, plain);
    if (scanned instanceof Refusal) return scanned;
    this.#options.stats.bytes(signal, { received, scanned: scanned.bytes });
    ticket.spendRecords(scanned.records);
    const { messageBytesMax } = this.#options;
    const grow = (bytes: number): Refusal | undefined => ticket.grow(bytes);
    const slices = fitSlices({ signal, slices: scanned.slices, messageBytesMax, grow });
    if (slices instanceof Refusal) return slices;
    if (slices.length === 0) return { rejectedRecords: 0, message: '', ack: 'broker' };
    const traceparent = traceparentOf(arrival.traceparent);
    const parcel = { signal, tenant, receivedMs, traceparent, slices, cancelled };
    if (this.#options.notes.full) {
      this.#options.parcels.refuse(parcel, 'notes-full');
      return overloaded('notes-full', 'the broker takes no ledger notes');
    }
    return this.#options.publisher.publish(parcel);
  }

  async #plain(arrival: Arrival): Promise<Uint8Array | Refusal> {
    const { encoding, body, ticket, cancelled } = arrival;
    // HTTP clients may say gzip of a body of no bytes at all.
    if (encoding === 'identity' || body.length === 0) return body.bytes();
    return this.#inflater.inflate({
      encoding,
      input: body,
      bytesMax: this.bodyBytesMax(arrival.format),
      ratioMax: this.#options.config.inflateRatioMax,
      grow: (bytes) => ticket.grow(bytes),
      shrink: (bytes) => ticket.shrink(bytes),
      cancelled,
    });
  }

  #scan(arrival: Arrival, plain: Uint8Array): (Scan & { bytes: number }) | Refusal {
    const { signal, format, ticket } = arrival;
    try {
      let body = plain;
      if (format === 'json') {
        body = jsonToProtobuf(signal, plain);
        const refused = ticket.grow(body.length);
        if (refused) return refused;
        ticket.shrink(plain.length);
      }
      const slots = this.#slots.get(signal) as Uint16Array;
      const most = Math.min(
        this.#options.config.recordsPerRequestMax,
        recordsOfAnySize + Math.floor(body.length / recordBytesMin),
      );
      return { ...scan(signal, body, slots, most), bytes: body.length };
    } catch (error) {
      if (!(error instanceof OtlpError)) throw error;
      const code = error.code === 'too-many-records' ? 'too-large' : 'malformed';
      return new Refusal(code, error.message, { field: error.path });
    }
  }
}

/** https://www.w3.org/TR/trace-context/#traceparent-header; undefined when it is not one. */
function traceparentOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  return /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(header) ? header : undefined;
}
