import type { Addresses } from '@spillway/test-support';
import type { Mutator } from '../mutate/mutation.ts';

/** A way into a running Spillway, through its ports. */
export interface Door {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  readonly mutators: readonly Mutator[];
  readonly dictionary: readonly string[];
  readonly bytesMax: number;
  /** How many inputs are under way at once. */
  readonly clients: number;
  open(addresses: Addresses): Visitor;
}

/** One client, which gives one input at a time. */
export interface Visitor {
  /** Rejects only when the process is gone or does not answer. */
  give(input: Uint8Array): Promise<Heard>;
  close(): void;
}

/** What came back. */
export interface Heard {
  /** Of few classes. */
  outcome: string;
  /** What was said, without numbers: an input that brings a new one is kept. */
  shape: string;
  /** Records answered as accepted. */
  accepted: number;
  /** Records that may have been accepted, as the answer was not read. */
  perhaps: number;
  /** Why the answer is a finding. */
  wrong?: string | undefined;
}
