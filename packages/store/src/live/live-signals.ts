/** What the live views make of each signal, for every live store. */
import type { Signal, TelemetryRecord } from '@spillway/otlp';

/**
 * Signals that rates, errors and latencies by service, and the edges between services, are made of.
 */
const rolledUp = { traces: true, logs: false, metrics: false } as const satisfies BySignal;
/** Signals whose newest records the live tail shows as they come. */
const tailed = { traces: true, logs: true, metrics: false } as const satisfies BySignal;

type BySignal = Readonly<Record<Signal, boolean>>;
type SignalsOf<Table extends BySignal> = {
  [S in Signal]: Table[S] extends true ? S : never;
}[Signal];

/** A signal whose records come into the live tail. */
export type TailedSignal = SignalsOf<typeof tailed>;
type RolledUpSignal = SignalsOf<typeof rolledUp>;

/** Whether records of `signal` come into the live roll-ups. */
export function isRolledUp(signal: Signal): signal is RolledUpSignal {
  return rolledUp[signal];
}

/** Whether a record comes into the live roll-ups, see {@link isRolledUp}. */
export function isRolledUpRecord(
  record: TelemetryRecord,
): record is Extract<TelemetryRecord, { signal: RolledUpSignal }> {
  return rolledUp[record.signal];
}

/** Whether records of `signal` come into the live tail. */
export function isTailed(signal: Signal): signal is TailedSignal {
  return tailed[signal];
}
