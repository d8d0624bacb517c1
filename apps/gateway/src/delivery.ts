import type { Signal } from '@spillway/otlp';
import type { Load } from './oversize.ts';

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
  /** The weakest of what made its messages durable. */
  ack: Ack;
}

export type Ack = 'broker' | 'spill';
