import { type Broker, topicOf } from '@spillway/broker';
import { jsonToProtobuf, OtlpError, type Scan, type Signal, scan, signals } from '@spillway/otlp';
import type { InternalErrorEvent } from '@spillway/runtime';
import type { Spill } from '@spillway/spill';
import type { AdmissionPermit } from '../admit/admission.ts';
import type { GatewayConfig } from '../model/config.ts';
import { overloaded, Refusal } from '../model/refusal.ts';
import type { ReceiverStats } from '../model/stats.ts';
import type { Accounting } from '../publish/accounting.ts';
import type { NotePublisher } from '../publish/notes/note-publisher.ts';
import { PendingRequest, type PublishResult } from '../publish/pending-request.ts';
import type { Publisher } from '../publish/publisher.ts';
import type { GrowingBytes } from '../receive/growing-bytes.ts';
import { type Encoding, Inflater } from './inflate.ts';
import { knownTopics } from './known-topics.ts';
import { fitSlices } from './oversize.ts';
import { slotTable } from './slot-table.ts';

/** An admitted request whose body has arrived. */
export interface ReceivedRequest {
  signal: Signal;
  tenant: string;
  format: 'protobuf' | 'json';
  encoding: Encoding;
  /** The body as sent. Given up to the callee. */
  body: GrowingBytes;
  traceparent: string | undefined;
  /** Wall clock. */
  receivedMs: number;
  permit: AdmissionPermit;
  /** The request is answered already, or its client is gone. */
  isCancelled: () => boolean;
}

export interface IngestOptions {
  broker: Broker;
  config: GatewayConfig;
  /** The largest message that the broker takes. */
  messageBytesMax: number;
  accounting: Accounting;
  publisher: Publisher;
  notes: NotePublisher;
  spill?: Spill | undefined;
  stats: ReceiverStats;
  report?: ((event: InternalErrorEvent) => void) | undefined;
}

/**
 * The smallest record with something to say, a data point with its time and value, takes 20 bytes; an
 * empty one takes 2 and costs its reader as much. So many of any size are let pass, and beyond them
 * one for each 16 bytes.
 */
const recordsOfAnySize = 1000;
const recordBytesMin = 16;

/** Turns a body into durable messages, in the same way for HTTP and gRPC. */
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

  bodyBytesMax(format: ReceivedRequest['format']): number {
    const { bodyBytesMax, jsonBodyBytesMax } = this.#options.config;
    return format === 'json' ? Math.min(jsonBodyBytesMax, bodyBytesMax) : bodyBytesMax;
  }

  /** Resolves when every record has its outcome. Gives the permit back. Never rejects. */
  async process(request: ReceivedRequest): Promise<PublishResult | Refusal> {
    const { permit } = request;
    try {
      const result = await this.#process(request);
      if (result instanceof Refusal && result.retryAfterMs !== undefined) permit.refund();
      return result;
    } catch (error) {
      this.#options.report?.({ type: 'internal-error', where: `${request.signal} request`, error });
      return new Refusal('internal', 'an internal error of the gateway; its log has the details');
    } finally {
      permit.release();
    }
  }

  async #process(request: ReceivedRequest): Promise<PublishResult | Refusal> {
    const { signal, tenant, permit, receivedMs, isCancelled } = request;
    const received = request.body.length;
    const plain = await this.#decompress(request);
    if (plain instanceof Refusal) return plain;
    const scanned = this.#scan(request, plain);
    if (scanned instanceof Refusal) return scanned;
    this.#options.stats.bytes(signal, { received, scanned: scanned.bytes });
    permit.spendRecords(scanned.records);
    const { messageBytesMax } = this.#options;
    const grow = (bytes: number): Refusal | undefined => permit.grow(bytes);
    const slices = fitSlices({ signal, slices: scanned.slices, messageBytesMax, grow });
    if (slices instanceof Refusal) return slices;
    if (slices.length === 0) return { rejectedRecords: 0, message: '', ack: 'broker' };
    const traceparent = traceparentOf(request.traceparent);
    const pending = new PendingRequest({
      signal,
      tenant,
      receivedMs,
      traceparent,
      slices,
      isCancelled,
    });
    if (this.#options.notes.full) {
      this.#options.accounting.refuse(pending, 'notes-full');
      return overloaded('notes-full', 'the broker accepts no ledger notes');
    }
    return this.#options.publisher.publish(pending);
  }

  async #decompress(request: ReceivedRequest): Promise<Uint8Array | Refusal> {
    const { encoding, body, permit, isCancelled } = request;
    // HTTP clients may say gzip of a body of no bytes at all.
    if (encoding === 'identity' || body.length === 0) return body.bytes();
    return this.#inflater.inflate({
      encoding,
      input: body,
      bytesMax: this.bodyBytesMax(request.format),
      ratioMax: this.#options.config.inflateRatioMax,
      grow: (bytes) => permit.grow(bytes),
      shrink: (bytes) => permit.shrink(bytes),
      isCancelled,
    });
  }

  #scan(request: ReceivedRequest, plain: Uint8Array): (Scan & { bytes: number }) | Refusal {
    const { signal, format, permit } = request;
    try {
      let body = plain;
      if (format === 'json') {
        body = jsonToProtobuf(signal, plain);
        const refused = permit.grow(body.length);
        if (refused) return refused;
        permit.shrink(plain.length);
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
