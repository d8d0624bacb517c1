import { type TelemetryRecord, unreachable } from '@spillway/otlp';

export const dayMs = 86_400_000;
const nanosPerMs = 1_000_000n;

/** UTC day as PostgreSQL's `date` reads it: `2026-01-05`. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/**
 * The day a record belongs to. The message decides, never the consumer's clock, so that a replay
 * finds the row where the first delivery put it: the record's own time when it lies in
 * [received - retention, received + 1 day], else the observed one, else the day of acceptance.
 */
export function dayOfRecord(
  record: TelemetryRecord,
  message: { receivedMs: number; retentionMs: number },
): string {
  for (const time of timesOf(record)) {
    const ms = Number(time / nanosPerMs);
    const { receivedMs, retentionMs } = message;
    if (ms >= receivedMs - retentionMs && ms <= receivedMs + dayMs) return dayOf(ms);
  }
  return dayOf(message.receivedMs);
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
