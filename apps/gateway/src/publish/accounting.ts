import { readEnvelope, signalOf } from '@spillway/broker';
import { minuteOf } from '@spillway/ledger';
import type { Signal } from '@spillway/otlp';
import type { SpilledMessage } from '@spillway/spill';
import { Counts } from '../model/counters.ts';
import { overloaded, type Refusal } from '../model/refusal.ts';
import type { NotePublisher } from './notes/note-publisher.ts';
import type {
  MessageOutcome,
  PendingMessage,
  PendingRequest,
  PublishResult,
} from './pending-request.ts';

export interface RecordStats {
  /** Records that were made durable. */
  recordsAccepted: { signal: Signal; tenant: string; count: number }[];
  /** Records refused after they were counted; bodies refused unread are in `requests` alone. */
  recordsRefused: { signal: Signal; tenant: string; reason: string; count: number }[];
}

export interface AccountingOptions {
  gateway: string;
  epoch: number;
  notes: NotePublisher;
}

type Failure = Exclude<MessageOutcome, { status: 'durable' | 'spilled' }>;

/** Accounts for every record by the outcome of its message, in counters and in the ledger. */
export class Accounting {
  readonly #options: AccountingOptions;
  readonly #accepted = new Counts<{ signal: Signal; tenant: string }>();
  readonly #refused = new Counts<{ signal: Signal; tenant: string; reason: string }>();

  constructor(options: AccountingOptions) {
    this.#options = options;
  }

  /** The answer to a request of which every message has its outcome; counts its records. */
  settle(request: PendingRequest): PublishResult | Refusal {
    let refusal: Refusal | undefined;
    const result: PublishResult = { rejectedRecords: 0, message: '', ack: 'broker' };
    const reject = (records: number, reason: string): void => {
      this.#refuse(request, records, 'too-large');
      result.rejectedRecords += records;
      result.message = reason;
    };
    for (const [i, { records, refused }] of request.slices.entries()) {
      const message = request.messages[i] as PendingMessage;
      const outcome = message.outcome as MessageOutcome;
      if (outcome.status === 'durable' || outcome.status === 'spilled') {
        if (outcome.status === 'spilled') result.ack = 'spill';
        if (refused) reject(records, refused.reason);
        else this.#accept(message, records);
      } else if (outcome.status === 'refused' && outcome.code === 'too-large') {
        reject(records, outcome.message);
      } else refusal = this.#refusal(request, records, outcome);
    }
    return refusal ?? result;
  }

  /** A message that was spilled, by this gateway or by another, is on the broker now. */
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
      topic,
      partition,
      sequence,
      position,
      tenant,
      signal,
      records,
      minute: minuteOf(receivedMs),
    });
  }

  /** Counts all records of a request that was refused without having been published. */
  refuse(request: PendingRequest, reason: string): void {
    this.#refuse(request, request.records, reason);
  }

  stats(): RecordStats {
    return { recordsAccepted: this.#accepted.stats(), recordsRefused: this.#refused.stats() };
  }

  #accept({ request, topic, partition, sequence, outcome }: PendingMessage, records: number): void {
    const { signal, tenant, receivedMs } = request;
    const position = outcome?.status === 'durable' ? outcome.position : undefined;
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
  #refusal(request: PendingRequest, records: number, outcome: Failure): Refusal {
    const { status, message } = outcome;
    if (status === 'unspilled') {
      this.#refuse(request, records, outcome.code);
      const text = `neither the broker nor the spill accepts the messages: ${message}`;
      return overloaded(outcome.code, text, outcome.retryAfterMs);
    }
    const code = status === 'unknown' ? 'broker-unknown' : 'broker-refused';
    this.#refuse(request, records, status === 'unknown' ? code : outcome.code);
    return overloaded(code, `the broker did not accept the messages: ${message}`);
  }

  #refuse({ signal, tenant, receivedMs }: PendingRequest, records: number, reason: string): void {
    this.#refused.add({ signal, tenant, reason }, records);
    this.#options.notes.refused(tenant, signal, minuteOf(receivedMs), records);
  }
}
