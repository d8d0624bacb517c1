/** How an audit shares out the memory that it may take. */
export interface LedgerRoom {
  /** Memory for counting the dead letters, before anything else; a quarter of it stays. */
  censusBytes: number;
  /** Memory for what the log says of a range. */
  sliceBytes: number;
  /** Most rows that are known of the messages compared at once, wherever they were found. */
  rowsMax: number;
}

const shares = { census: 0.6, slice: 0.25, rows: 0.5 };
/** What is known of a message in one place, while it is compared: 500 to 900 were measured. */
const rowBytes = 1_200;

/** Divides the memory that one audit may take. */
export function ledgerRoom(bytesMax: number): LedgerRoom {
  return {
    censusBytes: shares.census * bytesMax,
    sliceBytes: shares.slice * bytesMax,
    rowsMax: Math.max(1, Math.floor((shares.rows * bytesMax) / rowBytes)),
  };
}
