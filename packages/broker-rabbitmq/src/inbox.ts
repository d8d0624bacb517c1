import {
  BrokerError,
  type DeliveredMessage,
  type PollOptions,
  partitionName,
  type TopicPartition,
} from '@spillway/broker';
import type { QueuePublisher } from './queue-publisher.ts';

/** The partitions that a member holds, and one poll at a time over all of them. */
export class Inbox {
  readonly #lanes = new Map<string, QueuePublisher>();
  /** A lane that was to be opened again could not. */
  readonly #onBroken: (lane: QueuePublisher, error: unknown) => void;
  /** Of what each lane may hold, in the mean. */
  readonly #laneBytesMax: number;
  /** A pause outlasts a broken channel, but not a move. */
  readonly #paused = new Set<string>();
  #turn = 0;
  #polling = false;
  #closed = false;
  #woken = false;
  #wakeUp: (() => void) | undefined;

  constructor(options: {
    onBroken: (lane: QueuePublisher, error: unknown) => void;
    laneBytesMax: number;
  }) {
    this.#onBroken = options.onBroken;
    this.#laneBytesMax = options.laneBytesMax;
  }

  get lanes(): readonly QueuePublisher[] {
    return [...this.#lanes.values()];
  }

  get(at: TopicPartition): QueuePublisher | undefined {
    return this.#lanes.get(partitionName(at));
  }

  add(lane: QueuePublisher): void {
    lane.paused = this.#paused.has(partitionName(lane));
    this.#lanes.set(partitionName(lane), lane);
  }

  /** False when it was not held any more. */
  remove(lane: QueuePublisher): boolean {
    return this.get(lane) === lane && this.#lanes.delete(partitionName(lane));
  }

  /** They are held until their acknowledgements are with the server. */
  async release(lanes: readonly QueuePublisher[]): Promise<void> {
    await Promise.all(lanes.map((lane) => lane.close()));
    for (const lane of lanes) {
      this.remove(lane);
      this.#paused.delete(partitionName(lane));
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) {
      const lane = this.get(at);
      if (!lane) continue;
      lane.paused = true;
      this.#paused.add(partitionName(at));
    }
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) {
      const lane = this.get(at);
      if (lane) lane.paused = false;
      this.#paused.delete(partitionName(at));
    }
    this.wake();
  }

  async poll({ bytesMax, waitMs, signal }: PollOptions): Promise<DeliveredMessage[]> {
    if (this.#closed) throw new BrokerError('not-running', 'The subscription is closed');
    if (this.#polling) throw new Error('One poll at a time');
    this.#polling = true;
    const deadline = performance.now() + waitMs;
    try {
      for (;;) {
        this.#woken = false;
        const messages = signal.aborted ? [] : this.#gather(bytesMax);
        const leftMs = deadline - performance.now();
        if (messages.length > 0 || leftMs <= 0 || signal.aborted || this.#closed) return messages;
        await this.#sleep(leftMs, signal);
      }
    } finally {
      this.#polling = false;
    }
  }

  /** Something came. */
  arrived(): void {
    this.#fit();
    this.wake();
  }

  /** Something may be there to poll. */
  wake(): void {
    this.#woken = true;
    this.#wakeUp?.();
  }

  /** A pending poll ends with nothing. */
  close(): void {
    this.#closed = true;
    this.wake();
  }

  get #room(): number {
    const { lanes } = this;
    return lanes.reduce((room, { bytes }) => room - bytes, lanes.length * this.#laneBytesMax);
  }

  /**
   * The server sends each lane a message at least, however large. When they are more together than
   * the lanes may hold, all but one go back to their queues, and come again when there is room.
   */
  #fit(): void {
    if (this.#room >= 0) return;
    const full = this.lanes.filter(({ bytes }) => bytes > 0);
    const kept = full.find(({ isInHand }) => isInHand) ?? full[0];
    for (const lane of full) {
      if (lane !== kept && !lane.isInHand) void lane.release();
    }
  }

  /** Each call begins with another lane, so that a busy one does not starve the others. */
  #gather(bytesMax: number): DeliveredMessage[] {
    const lanes = this.lanes.filter(({ paused, revoking }) => !paused && !revoking);
    const found: DeliveredMessage[] = [];
    let left = this.#closed ? 0 : bytesMax;
    for (let n = 0; n < lanes.length && left > 0; n++) {
      const lane = lanes[(this.#turn + n) % lanes.length] as QueuePublisher;
      if (!lane.isOpen && this.#room > 0) {
        lane.open().catch((error) => this.#onBroken(lane, error));
      }
      for (const message of lane.take(left, found.length === 0)) {
        left -= message.value.byteLength;
        found.push(message);
      }
    }
    this.#turn += 1;
    return found;
  }

  /** Until there may be something, the time is over, or the signal says stop. */
  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#woken) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = (): void => resolve();
    this.#wakeUp = stop;
    const timer = setTimeout(stop, ms);
    signal.addEventListener('abort', stop, { once: true });
    await promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    this.#wakeUp = undefined;
  }
}
