import { type DeliveredMessage, partitionName, type Subscription } from '@spillway/broker';
import { sleep } from '@spillway/resilience';
import type { ConsumerLimits } from './config.ts';
import type { StoreGate } from './delivery/store-gate.ts';
import type { DecodeWindow } from './in-flight/decode-window.ts';
import type { InFlight } from './in-flight/in-flight.ts';
import { InFlightMessage } from './in-flight/in-flight-message.ts';

/** What polling needs. */
export interface BatchPollerOptions {
  subscription: Subscription;
  group: string;
  limits: ConsumerLimits;
  gate: StoreGate;
  /** Ends a poll. */
  abort: AbortSignal;
}

/** Most batches in flight. */
const batchesInFlightMax = 4;
/** While the store cannot be asked, the broker is polled about this often, for nothing. */
const idlePollMs = 5;

/** Polls the batch that comes next, and holds the broker back while enough is in flight. */
export class BatchPoller {
  readonly #options: BatchPollerOptions;
  readonly #inFlight: InFlight;
  readonly #room: DecodeWindow;
  /** Polled by the poll under way, or by the last one, and not in flight yet. */
  #polled: InFlightMessage[] = [];
  #isPaused = false;
  /** Something in flight had no room in the last batch, or is not finished. */
  hasMore = false;
  /** Looking for poison takes the whole batch and what comes after it, not a probe. */
  wantsAll = false;

  constructor(options: BatchPollerOptions, parts: { inFlight: InFlight; room: DecodeWindow }) {
    this.#options = options;
    this.#inFlight = parts.inFlight;
    this.#room = parts.room;
  }

  /** What the last poll brought. */
  get polled(): readonly InFlightMessage[] {
    return this.#polled;
  }

  /** Whether every partition is paused, since the store fails or enough is in flight. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Drops what was polled of partitions that are given up. */
  drop(partitions: ReadonlySet<string>): void {
    this.#polled = this.#polled.filter((item) => !partitions.has(partitionName(item)));
  }

  /** Polls a batch; a small one waits a moment for more. */
  async poll(): Promise<void> {
    const { subscription, limits, abort, gate, group } = this.#options;
    const { batchBytesMax, gatherMs } = limits;
    const take = (messages: readonly DeliveredMessage[]): void => {
      const items = messages.map((message) => new InFlightMessage(message, group));
      this.#polled.push(...items);
      this.#room.decodeAhead(items, this.#inFlight.items);
    };
    this.#polled = [];
    this.#pauseOrResume();
    const messages = await subscription.poll({
      bytesMax: batchBytesMax,
      waitMs: this.#waitMs(),
      abort,
    });
    take(messages);
    const bytes = messages.reduce((sum, { value }) => sum + value.byteLength, 0);
    const bytesMax = batchBytesMax - bytes;
    const isSmall = messages.length > 0 && bytesMax > bytes && !gate.failing && !this.hasMore;
    if (isSmall && (await sleep(gatherMs, abort))) {
      take(await subscription.poll({ bytesMax, waitMs: 0, abort }));
    }
  }

  /** Polls go on while all is paused: partitions that came meanwhile are paused, too. */
  #pauseOrResume(): void {
    const { subscription, gate, limits } = this.#options;
    const isFull = this.#inFlight.bytes >= batchesInFlightMax * limits.batchBytesMax;
    const assigned = subscription.assigned();
    if (isFull || (gate.failing && !this.wantsAll)) {
      subscription.pause(assigned);
      this.#isPaused = true;
    } else if (this.#isPaused) {
      subscription.resume(assigned.filter((each) => !this.#inFlight.isWaiting(each)));
      this.#isPaused = false;
    }
  }

  #waitMs(): number {
    const { limits, gate } = this.#options;
    if (this.hasMore && !gate.failing) return 0;
    if (gate.failing) return Math.min(limits.pollWaitMs, Math.max(gate.waitMs, idlePollMs));
    return this.#inFlight.waiting
      ? Math.min(limits.pollWaitMs, limits.retryBaseMs)
      : limits.pollWaitMs;
  }
}
