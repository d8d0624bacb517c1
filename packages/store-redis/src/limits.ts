import { tailMs } from '@spillway/store/live';

const minuteMs = 60_000;
/** Bytes of what a tenant has whatever it sends: its account, counters, places among the others. */
export const tenantBytes = 4_096;

/** What bounds the live store in Redis. The script is made with them: they are equal everywhere. */
export interface LiveLimits {
  /**
   * Bytes of what is kept of all tenants, during a rebuild as well; one of them may have half.
   * Beyond it the tenant that has the most loses its oldest.
   */
  bytesMax: number;
  /** How far back the roll-ups reach. */
  windowMs: number;
  /** How long at least a client's retry is recognised; at most twice as long. */
  keysMs: number;
  /** Per tenant and minute: names of services, operations and edges. Twice as many with old ones. */
  seriesMax: number;
  /** Per tenant, twice: spans that wait for the other side of their call. */
  pendingMax: number;
  /** How long they wait at least. */
  waitMs: number;
  /** Per tenant and signal: pieces of at most 10 KB that the tail keeps. */
  tailChunks: number;
  tailMs: number;
  /** Per tenant, signal and process: records in the tail per second. */
  tailPerSecond: number;
  /** A rebuild that does nothing for so long is taken for abandoned. */
  leaseMs: number;
}

export const defaultLimits: LiveLimits = {
  bytesMax: 256 * 1_048_576,
  windowMs: 60 * minuteMs,
  keysMs: 15 * minuteMs,
  seriesMax: 1_000,
  pendingMax: 100_000,
  waitMs: 2 * minuteMs,
  tailChunks: 256,
  tailMs,
  tailPerSecond: 200,
  leaseMs: minuteMs,
};

/** Computes the most tenants: with nothing but their names, they take at most half of the bytes. */
export function tenantsMax({ bytesMax }: LiveLimits): number {
  return Math.max(1, Math.floor(bytesMax / 2 / tenantBytes));
}

/** Positions and marks outlast everything they stand for. */
export function keptMs({ windowMs }: LiveLimits): number {
  return 2 * windowMs + 60 * minuteMs;
}
