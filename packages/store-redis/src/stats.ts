import type { LiveStats } from '@spillway/store';

/** What this process counted since it started. */
export interface LiveCounts {
  duplicates: number;
  /** Spans that were older than the window when they came. */
  late: number;
  /** Names that found no room: counted under the name of all others. */
  overflowed: number;
  /** How often the oldest minute of a tenant was forgotten early, because it had too many bytes. */
  windowCuts: number;
  /** How often record keys were forgotten early, or not noted. */
  keysCut: number;
  /** Messages of tenants for which there was no room. */
  tenantsRefused: number;
  /** Bytes of all tenants, of every process, as of the last step. */
  bytes: number;
  /** How often spans waited for less than they should, because too many did. */
  pairSlicesCut: number;
  /** Spans that did not wait, because too many waited for the same parent. */
  halvesLost: number;
}

export function newCounts(): LiveCounts {
  return {
    duplicates: 0,
    late: 0,
    overflowed: 0,
    windowCuts: 0,
    keysCut: 0,
    tenantsRefused: 0,
    bytes: 0,
    pairSlicesCut: 0,
    halvesLost: 0,
  };
}

export function liveStatsOf(counts: LiveCounts): LiveStats {
  return {
    memoryBytes: counts.bytes > 0 ? counts.bytes : undefined,
    duplicates: counts.duplicates,
    late: counts.late,
    limits: {
      names: counts.overflowed,
      window: counts.windowCuts,
      waiting: counts.pairSlicesCut,
      parents: counts.halvesLost,
      retries: counts.keysCut,
      tenants: counts.tenantsRefused,
    },
    kept: undefined,
  };
}
