import { type TelemetryRecord, unreachable } from '@spillway/otlp';

const dayMs = 86_400_000;

/** Milliseconds for which a store keeps records by default. */
export const retentionDefaultMs = 7 * dayMs;

/** The time under which a record is filed. */
export interface PlacedInTime {
  timeMs: number;
  /** True when only the time of acceptance was left: a client's retry is placed later. */
  undated: boolean;
}

/**
 * Decides where a record belongs in time, decided by its message and not by a clock, so that every
 * replay decides the same: its own time; when that is absent or outside [received - retention,
 * received + 1 day] the observed one; failing that the time of acceptance.
 */
export function placeInTime(
  record: TelemetryRecord,
  receivedMs: number,
  retentionMs: number,
): PlacedInTime {
  const earliestMs = receivedMs - retentionMs;
  const latestMs = receivedMs + dayMs;
  for (const nano of timesOf(record)) {
    if (nano === 0n) continue;
    const timeMs = Number(nano / 1_000_000n);
    if (timeMs >= earliestMs && timeMs <= latestMs) return { timeMs, undated: false };
  }
  return { timeMs: receivedMs, undated: true };
}

function timesOf(record: TelemetryRecord): bigint[] {
  switch (record.signal) {
    case 'traces':
      return [record.startTimeUnixNano];
    case 'metrics':
      return [record.timeUnixNano];
    case 'logs':
      return [record.timeUnixNano, record.observedTimeUnixNano];
    default:
      return unreachable(record);
  }
}
