import { messageOf } from '@spillway/resilience';
/** How much text DuckDB can hold in the memory that it is given. */

export const memoryLimitDefaultMb = 96;
/** Measured: what DuckDB takes for each byte that it counts. */
const takenPerByte = 1.3;
/** A checkpoint holds a whole vector of texts at once; it gets this many times the memory. */
export const largeTextFactor = 4;
/** Factor of the memory of a file that is filled beside the one in use, which keeps the rest. */
export const besideFactor = largeTextFactor - 1;
/** A transaction takes several times its text, and queries and checkpoints have their share. */
const transactionShare = 8;
const rowsPerVector = 2_048;
/** Measured: with less, a vector full of the largest rows does not fit. */
const vectorShare = 2.2;

/** Mebibytes that DuckDB is given, so that it takes no more than it should. */
export function countedMb(memoryLimitMb: number): number {
  return memoryLimitMb / takenPerByte;
}

export function textLimits(memoryLimitMb: number): { bytesMax: number; rowBytesMax: number } {
  const bytes = countedMb(memoryLimitMb) * 1_048_576;
  return {
    bytesMax: bytes / transactionShare,
    rowBytesMax: Math.floor((bytes * largeTextFactor) / rowsPerVector / vectorShare),
  };
}

export function isOutOfMemory(error: unknown): boolean {
  return /out of memory|failed to (pin|allocate)|could not allocate/i.test(messageOf(error));
}
