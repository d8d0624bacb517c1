import type { BrokenRecord, TelemetryRecord } from '../records.ts';

/** Limits of a slice; it ends behind the record that reaches one of them. */
export interface SliceLimits {
  recordsMax: number;
  /** Bytes of memory, as `record-cost.ts` estimates it. */
  bytesMax: number;
}

/** Some records of a message that follow each other. */
export interface DecodedSlice {
  /** Index of the first record. */
  from: number;
  /** Behind the last one. */
  to: number;
  records: TelemetryRecord[];
  broken: BrokenRecord[];
  /** What they take in memory, estimated. */
  bytes: number;
}

/** Begins a slice at the record of an index. */
export function newSlice(from: number): DecodedSlice {
  return { from, to: from, records: [], broken: [], bytes: 0 };
}
