/** How an audit shares out the memory that it may take. */
export interface LedgerRoom {
  /** For counting the dead letters, before anything else is known; a quarter of it stays. */
  censusBytes: number;
  /** For what the log says of a range. */
  sliceBytes: number;
  /** Of all that is known of the messages that are compared at once, wherever it was found. */
  rowsMax: number;
}

const shares = { census: 0.6, slice: 0.25, rows: 0.5 };
/** What is known of a message in one place, while it is compared: 500 to 900 were measured. */
const rowBytes = 1_200;

export function ledgerRoom(bytesMax: number): LedgerRoom {
  return {
    censusBytes: shares.census * bytesMax,
    sliceBytes: shares.slice * bytesMax,
    rowsMax: Math.max(1, Math.floor((shares.rows * bytesMax) / rowBytes)),
  };
}
