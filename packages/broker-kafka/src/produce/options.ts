import type { Identities } from '@spillway/broker';
import type { Security } from '../security.ts';
import type { Address } from './connection.ts';
import type { ProduceEvent } from './event.ts';

export interface OwnProducerOptions {
  /** host:port, any of the brokers. */
  bootstrap: readonly string[];
  clientId: string;
  security: Security;
  connectTimeoutMs: number;
  /** Until an answer; then the connection is closed and the attempt made again. */
  requestTimeoutMs: number;
  /** From the call until its outcomes. */
  deliveryTimeoutMs: number;
  /**
   * Bytes of a record batch, as Kafka's `max.message.bytes`: a message whose batch would be larger
   * is refused, and batches are cut at it.
   */
  messageBytesMax: number;
  /** Bytes of messages without outcome; what comes on top is refused. 64 MiB by default. */
  bufferBytesMax?: number | undefined;
  /** Wall clock, ms since the epoch: the records' timestamps. */
  clock?: (() => number) | undefined;
  /** Monotonic ms. */
  nowMs?: (() => number) | undefined;
  /** In [0, 1). */
  random?: (() => number) | undefined;
  /** Where a broker is reached, if not where it says, e.g. through a tunnel. */
  reach?: ((address: Address) => Address) | undefined;
  /** Without them, what is on its way when the process dies may land behind what its next life sends. */
  identities?: Identities | undefined;
  report?: ((event: ProduceEvent) => void) | undefined;
}

/** Sender options with every default filled in. */
export type SenderOptions = {
  [K in keyof Omit<OwnProducerOptions, 'identities'>]-?: Exclude<OwnProducerOptions[K], undefined>;
} & Pick<OwnProducerOptions, 'identities'>;

export function senderOptionsOf(options: OwnProducerOptions): SenderOptions {
  return {
    ...options,
    bufferBytesMax: options.bufferBytesMax ?? 64 * 1024 * 1024,
    clock: options.clock ?? Date.now,
    nowMs: options.nowMs ?? (() => performance.now()),
    random: options.random ?? Math.random,
    reach: options.reach ?? ((address) => address),
    report: options.report ?? (() => {}),
  };
}
