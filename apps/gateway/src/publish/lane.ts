import { type PublishOutcome, type TopicPartition, topicOf } from '@spillway/broker';
import type { Signal } from '@spillway/otlp';
import type { SpilledMessage } from '@spillway/spill';
import type { Histogram } from '../counters.ts';
import type { Delivery, Parcel } from '../delivery.ts';
import type { Parcels } from '../parcel.ts';
import { overloaded, Refusal } from '../refusal.ts';
import { type Cargo, isTransient, type Shipment } from './cargo.ts';
import type { Chain, ChainStats } from './chain.ts';
import { type DrainEvent, drain } from './drain.ts';
import { Partition, type PartitionState } from './partition.ts';
import type { Spillover } from './spillover.ts';

export interface LaneOptions {
  signal: Signal;
  chain: Chain;
  parcels: Parcels;
  spillover: Spillover | undefined;
  lingerMs: number;
  batchBytesMax: number;
  publishesInFlightMax: number;
  queueBytesMax: number;
  publishTimeoutMs: number;
  /** Monotonic milliseconds. */
  nowMs: () => number;
  measures: LaneMeasures;
  onDrained: (message: SpilledMessage, position: number | undefined) => void;
  report: (event: DrainEvent) => void;
  random?: (() => number) | undefined;
}

/** Of all lanes together. */
export interface LaneMeasures {
  messages: Histogram;
  bytes: Histogram;
  tookMs: Histogram;
}

export interface LaneStats extends ChainStats {
  signal: Signal;
  queueBytes: number;
  partitions: Record<PartitionState, number>;
}

/**
 * The messages of one signal on their way to the broker, or into the spill. Gathers those of many
 * requests into few publishes: an idle lane publishes at once; a busy one gathers for `lingerMs` or
 * `batchBytesMax`. Publishes are called in the order of arrival.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #topic: string;
  readonly #partitions: Partition[] = [];
  /** Of dead letters that remember refused records. */
  readonly #letters: Partition[] = [];
  readonly #stopping = new AbortController();
  readonly #drains = new Map<Partition, Promise<void>>();
  #waiting: Shipment[] = [];
  #waitingBytes = 0;
  /** Left, and not answered yet. */
  #sentBytes = 0;
  #sent = 0;
  /** Publishes and appends on their way. */
  #flying = 0;
  #scheduled = false;
  readonly #idle: (() => void)[] = [];

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#topic = topicOf[options.signal];
  }

  /** Resolves when every message has its outcome, which may be long after the request's answer. */
  publish(parcel: Parcel): Promise<Delivery | Refusal> {
    const { queueBytesMax, parcels } = this.#options;
    const bytes = parcel.slices.reduce((sum, slice) => sum + slice.bytes, 0);
    // A parcel larger than the queue may pass alone: it would never fit otherwise.
    if (this.bytes > 0 && this.bytes + bytes > queueBytesMax) {
      parcels.refuse(parcel, 'queue-full');
      const message = `the queue to the broker is full (gateway.queueBytesMax ${queueBytesMax})`;
      return Promise.resolve(overloaded('queue-full', message));
    }
    this.#waitingBytes += bytes;
    return new Promise((settle) => {
      this.#waiting.push({ parcel, bytes, settle, cargo: [], left: 0, sentMs: 0 });
      this.#schedule();
    });
  }

  /** Waiting for the broker or on their way to it. */
  get bytes(): number {
    return this.#waitingBytes + this.#sentBytes;
  }

  /** What an earlier process left in the spill. */
  takeOver(place: TopicPartition, messages: number): void {
    this.#partition(place).recount(messages);
  }

  /** Resolves when nothing waits and nothing is on its way. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.#announceIdle();
    });
  }

  /** Resolves when nothing of this signal waits in the spill, or at `stop`. */
  async drained(): Promise<void> {
    await Promise.all(this.#drains.values());
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.drained();
    this.#options.chain.stop();
  }

  stats(): LaneStats {
    const partitions = { direct: 0, spilling: 0, draining: 0 };
    for (const partition of [...this.#partitions, ...this.#letters]) {
      if (partition) partitions[partition.state] += 1;
    }
    const { signal, chain } = this.#options;
    return { signal, ...chain.stats(), queueBytes: this.bytes, partitions };
  }

  #schedule(): void {
    const { lingerMs, batchBytesMax, publishesInFlightMax } = this.#options;
    while (this.#waitingBytes >= batchBytesMax && this.#flying < publishesInFlightMax) {
      this.#flush();
    }
    if (this.#scheduled || this.#waiting.length === 0) return;
    if (this.#flying >= publishesInFlightMax) return;
    this.#scheduled = true;
    const run = (): void => {
      this.#scheduled = false;
      if (this.#flying < publishesInFlightMax) this.#flush();
      this.#schedule();
    };
    // Idle: only what this turn of the event loop brings is gathered.
    if (this.#flying === 0 || lingerMs === 0) setImmediate(run);
    else setTimeout(run, lingerMs);
  }

  #flush(): void {
    const batch = this.#takeBatch();
    if (batch.length > 0) void this.#send(batch);
    else this.#announceIdle();
  }

  #takeBatch(): Shipment[] {
    const batch: Shipment[] = [];
    let [taken, bytes] = [0, 0];
    for (const shipment of this.#waiting) {
      const cancelled = shipment.parcel.cancelled();
      const fits = bytes + shipment.bytes <= this.#options.batchBytesMax;
      if (!cancelled && !fits && batch.length > 0) break;
      taken += 1;
      if (cancelled) this.#drop(shipment);
      else {
        batch.push(shipment);
        bytes += shipment.bytes;
      }
    }
    this.#waiting = this.#waiting.slice(taken);
    this.#waitingBytes -= bytes;
    this.#sentBytes += bytes;
    this.#sent += batch.length;
    return batch;
  }

  #drop({ parcel, bytes, settle }: Shipment): void {
    this.#waitingBytes -= bytes;
    this.#options.parcels.refuse(parcel, 'time-out');
    settle(new Refusal('gone', 'answered before it was published'));
  }

  /** Calls broker and spill before it waits for anything. */
  async #send(batch: readonly Shipment[]): Promise<void> {
    const { nowMs, parcels, measures, chain } = this.#options;
    const startedMs = nowMs();
    const direct: Cargo[] = [];
    const aside: Cargo[] = [];
    const admits = chain.admits;
    let bytes = 0;
    for (const shipment of batch) {
      parcels.load(shipment);
      shipment.sentMs = startedMs;
      bytes += shipment.bytes;
      for (const cargo of shipment.cargo) {
        const isDirect = admits && this.#partition(cargo).isDirect;
        (isDirect ? direct : aside).push(cargo);
      }
    }
    const [publishing, spilling] = [this.#publish(direct), this.#setAside(aside)];
    await publishing;
    await spilling;
    measures.messages.observe(direct.length + aside.length);
    measures.bytes.observe(bytes);
    measures.tookMs.observe(nowMs() - startedMs);
    this.#schedule();
    this.#announceIdle();
  }

  async #publish(direct: readonly Cargo[]): Promise<void> {
    if (direct.length === 0) return;
    for (const cargo of direct) this.#partition(cargo).departed();
    this.#flying += 1;
    const outcomes = await this.#options.chain.once(direct);
    // Before anybody is answered: a sender that comes back at once finds an idle lane.
    this.#flying -= 1;
    let failed: Set<Partition> | undefined;
    for (let i = 0; i < direct.length; i += 1) {
      const cargo = direct[i] as Cargo;
      const partition = this.#partition(cargo);
      const outcome = outcomes[i] ?? noOutcome;
      if (isTransient(outcome)) partition.returned(cargo, outcome);
      else {
        partition.arrived();
        this.#arrived(cargo, outcome);
      }
      if (partition.holding) {
        failed ??= new Set();
        failed.add(partition);
      }
    }
    if (failed) for (const partition of failed) partition.landed();
  }

  async #setAside(aside: readonly Cargo[]): Promise<void> {
    const { spillover } = this.#options;
    const groups = new Map<Partition, Cargo[]>();
    const now: Cargo[] = [];
    for (const cargo of aside) {
      const partition = this.#partition(cargo);
      if (!partition.setAside(cargo, notAdmitted)) continue;
      now.push(cargo);
      const group = groups.get(partition);
      if (group) group.push(cargo);
      else groups.set(partition, [cargo]);
    }
    if (now.length === 0 || !spillover) return;
    this.#flying += 1;
    const outcome = spillover.append(now).then((made) => {
      this.#flying -= 1;
      return made;
    });
    for (const [partition, group] of groups) partition.appending(group, outcome);
    await outcome;
  }

  #arrived(cargo: Cargo, outcome: PublishOutcome): void {
    cargo.outcome = outcome;
    this.#count(cargo);
  }

  #count({ shipment }: Cargo): void {
    shipment.left -= 1;
    if (shipment.left > 0) return;
    this.#sentBytes -= shipment.bytes;
    this.#sent -= 1;
    shipment.settle(this.#options.parcels.settle(shipment));
    // What was held is no publish of its own that would say so at its end.
    if (this.#sent === 0) this.#announceIdle();
  }

  #partition({ topic, partition: number }: TopicPartition): Partition {
    const partitions = topic === this.#topic ? this.#partitions : this.#letters;
    partitions[number] ??= this.#newPartition({ topic, partition: number });
    return partitions[number];
  }

  #newPartition(place: TopicPartition): Partition {
    const { chain, spillover, publishTimeoutMs, nowMs } = this.#options;
    const partition = new Partition({
      ...{ place, chain, spillover, publishTimeoutMs, nowMs },
      onArrived: (cargo) => this.#count(cargo),
      sendDirect: (cargo) => void this.#publish(cargo),
      onSpilling: () => this.#drain(partition),
    });
    return partition;
  }

  #drain(partition: Partition): void {
    const { spillover } = this.#options;
    if (!spillover || this.#drains.has(partition) || this.#stopping.signal.aborted) return;
    const drained = drain(
      { ...this.#options, partition, spillover },
      this.#stopping.signal,
    ).finally(() => {
      this.#drains.delete(partition);
      // Something may have come in the same turn.
      if (partition.state !== 'direct') this.#drain(partition);
    });
    this.#drains.set(partition, drained);
  }

  #announceIdle(): void {
    if (this.#flying > 0 || this.#sent > 0 || this.#waiting.length > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

const noOutcome: PublishOutcome = { status: 'unknown', message: 'no outcome' };
const notAdmitted: PublishOutcome = {
  status: 'refused',
  code: 'unavailable',
  retryable: true,
  message: 'the broker is down',
};
