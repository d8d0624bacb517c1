import type { PublishOutcome, TopicPartition } from '@spillway/broker';
import type { Signal } from '@spillway/otlp';
import type { Histogram } from '../model/counters.ts';
import { overloaded, Refusal } from '../model/refusal.ts';
import type { Accounting } from './accounting.ts';
import type { MessageStamper } from './message-stamper.ts';
import type { Partition } from './partition/partition.ts';
import type { PartitionMode } from './partition/partition-state.ts';
import { PartitionTable, type PartitionTableOptions } from './partition/partition-table.ts';
import {
  isTransient,
  type PendingMessage,
  type PendingRequest,
  type PublishResult,
} from './pending-request.ts';
import type { PublishPolicyStats } from './publish-policy.ts';
import { RequestQueue } from './request-queue.ts';

export interface SignalPublisherOptions
  extends Omit<PartitionTableOptions, 'onSettled' | 'publish'> {
  stamper: MessageStamper;
  accounting: Accounting;
  lingerMs: number;
  batchBytesMax: number;
  publishesInFlightMax: number;
  queueBytesMax: number;
  measures: PublishMeasures;
}

/** Measures of the publishes of all signals together. */
interface PublishMeasures {
  messages: Histogram;
  bytes: Histogram;
  seconds: Histogram;
}

export interface SignalPublisherStats extends PublishPolicyStats {
  signal: Signal;
  queueBytes: number;
  partitions: Record<PartitionMode, number>;
}

/**
 * The messages of one signal on their way to the broker, or into the spill. Gathers those of many
 * requests into few publishes: an idle publisher publishes at once; a busy one gathers for
 * `lingerMs` or `batchBytesMax`. Publishes are called in the order in which requests came.
 */
export class SignalPublisher {
  readonly #options: SignalPublisherOptions;
  readonly #partitions: PartitionTable;
  readonly #queue = new RequestQueue();
  /** Requests that were published and are not answered yet. */
  #openRequests = 0;
  #openBytes = 0;
  /** Calls of broker and spill. */
  #callsInFlight = 0;
  #isScheduled = false;
  readonly #onIdle: (() => void)[] = [];

  constructor(options: SignalPublisherOptions) {
    this.#options = options;
    this.#partitions = new PartitionTable({
      ...options,
      onSettled: (message) => this.#settled(message),
      publish: (messages) => void this.#publish(messages),
    });
  }

  /** Resolves when every message has its outcome, which may be long after the request's answer. */
  publish(request: PendingRequest): Promise<PublishResult | Refusal> {
    const { queueBytesMax, accounting } = this.#options;
    // A request larger than the queue may pass alone: it would never fit otherwise.
    if (this.bytes > 0 && this.bytes + request.bytes > queueBytesMax) {
      accounting.refuse(request, 'queue-full');
      const message = `the queue to the broker is full (gateway.queueBytesMax ${queueBytesMax})`;
      return Promise.resolve(overloaded('queue-full', message));
    }
    this.#queue.add(request);
    this.#schedule();
    return request.result;
  }

  /** Bytes of requests that wait for the broker, or are on their way to it. */
  get bytes(): number {
    return this.#queue.bytes + this.#openBytes;
  }

  /** Goes on with messages that an earlier process left in the spill. */
  takeOver(place: TopicPartition, messages: number): void {
    this.#partitions.get(place).handle({ type: 'recounted', messages });
  }

  /** Resolves when nothing waits and nothing is on its way. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle.push(resolve);
      this.#announceIdle();
    });
  }

  /** Resolves when nothing of this signal waits in the spill, or at `stop`. */
  drained(): Promise<void> {
    return this.#partitions.drained();
  }

  async stop(): Promise<void> {
    await this.#partitions.stop();
    this.#options.policy.stop();
  }

  stats(): SignalPublisherStats {
    const { signal, policy } = this.#options;
    const partitions = this.#partitions.modes;
    return { signal, ...policy.stats(), queueBytes: this.bytes, partitions };
  }

  #schedule(): void {
    const { lingerMs, batchBytesMax, publishesInFlightMax } = this.#options;
    while (this.#queue.bytes >= batchBytesMax && this.#callsInFlight < publishesInFlightMax) {
      this.#flush();
    }
    if (this.#isScheduled || this.#queue.isEmpty) return;
    if (this.#callsInFlight >= publishesInFlightMax) return;
    this.#isScheduled = true;
    const run = (): void => {
      this.#isScheduled = false;
      if (this.#callsInFlight < publishesInFlightMax) this.#flush();
      this.#schedule();
    };
    // Idle: only what this turn of the event loop brings is gathered.
    if (this.#callsInFlight === 0 || lingerMs === 0) setImmediate(run);
    else setTimeout(run, lingerMs);
  }

  #flush(): void {
    const { batchBytesMax, accounting } = this.#options;
    const { batch, bytes, cancelled } = this.#queue.take(batchBytesMax);
    for (const request of cancelled) {
      accounting.refuse(request, 'time-out');
      request.settle(new Refusal('gone', 'answered before it was published'));
    }
    this.#openBytes += bytes;
    this.#openRequests += batch.length;
    if (batch.length > 0) void this.#send(batch, bytes);
    else this.#announceIdle();
  }

  /** Calls broker and spill before it waits for anything. */
  async #send(batch: readonly PendingRequest[], bytes: number): Promise<void> {
    const { nowMs, stamper, measures, policy } = this.#options;
    const startedMs = nowMs();
    const direct: PendingMessage[] = [];
    const diverted: PendingMessage[] = [];
    const { admits } = policy;
    for (const request of batch) {
      stamper.stamp(request);
      request.publishedMs = startedMs;
      for (const message of request.messages) {
        const isDirect = admits && this.#partitions.get(message).isDirect;
        (isDirect ? direct : diverted).push(message);
      }
    }
    const [publishing, spilling] = [this.#publish(direct), this.#divert(diverted)];
    await publishing;
    await spilling;
    measures.messages.observe(direct.length + diverted.length);
    measures.bytes.observe(bytes);
    measures.seconds.observe((nowMs() - startedMs) / 1_000);
    this.#schedule();
    this.#announceIdle();
  }

  async #publish(messages: readonly PendingMessage[]): Promise<void> {
    if (messages.length === 0) return;
    for (const message of messages) this.#partitions.get(message).handle(published);
    this.#callsInFlight += 1;
    const outcomes = await this.#options.policy.once(messages);
    // Before anybody is answered: a sender that comes back at once finds an idle publisher.
    this.#callsInFlight -= 1;
    let failed: Set<Partition> | undefined;
    for (let i = 0; i < messages.length; i += 1) {
      const message = messages[i] as PendingMessage;
      const partition = this.#partitions.get(message);
      const outcome = outcomes[i] ?? noOutcome;
      if (isTransient(outcome)) partition.failed(message, outcome);
      else {
        partition.handle(accepted);
        message.outcome = outcome;
        this.#settled(message);
      }
      if (partition.isHolding) {
        failed ??= new Set();
        failed.add(partition);
      }
    }
    if (failed) for (const partition of failed) partition.handle({ type: 'call-ended' });
  }

  /** What belongs into the spill at once is appended together: it is one write to the disk. */
  async #divert(messages: readonly PendingMessage[]): Promise<void> {
    const { spillover } = this.#options;
    const groups = new Map<Partition, PendingMessage[]>();
    const forSpill: PendingMessage[] = [];
    for (const message of messages) {
      const partition = this.#partitions.get(message);
      if (!partition.divert(message, notAdmitted)) continue;
      forSpill.push(message);
      const group = groups.get(partition);
      if (group) group.push(message);
      else groups.set(partition, [message]);
    }
    if (forSpill.length === 0 || !spillover) return;
    this.#callsInFlight += 1;
    const outcome = spillover.append(forSpill).then((made) => {
      this.#callsInFlight -= 1;
      return made;
    });
    for (const [partition, group] of groups) partition.appending(group, outcome);
    await outcome;
  }

  #settled({ request }: PendingMessage): void {
    request.openMessages -= 1;
    if (request.openMessages > 0) return;
    this.#openBytes -= request.bytes;
    this.#openRequests -= 1;
    request.settle(this.#options.accounting.settle(request));
    // What was held is no publish of its own that would say so at its end.
    if (this.#openRequests === 0) this.#announceIdle();
  }

  #announceIdle(): void {
    if (this.#callsInFlight > 0 || this.#openRequests > 0 || !this.#queue.isEmpty) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}

const published = { type: 'published' } as const;
const accepted = { type: 'accepted' } as const;
const noOutcome: PublishOutcome = { status: 'unknown', message: 'no outcome' };
const notAdmitted: PublishOutcome = {
  status: 'refused',
  code: 'unavailable',
  retryable: true,
  message: 'the broker is down',
};
