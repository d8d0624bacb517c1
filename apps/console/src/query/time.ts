/** Points in time as people and links write them. Shared by the API and the page. */

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * The year 2200, in ms since the epoch: no store is asked for a time from then on, or before 1970.
 */
const timeEndMs = Date.UTC(2200, 0, 1);

/** A point in time as it was written: absolute, or relative to now. */
export type WrittenTime = { ms: number } | { fromNowMs: number };

/**
 * Reads a time that is written as ms since the epoch, in ISO 8601 (UTC unless it says otherwise),
 * as `now` or as `now-15m`; undefined for anything else.
 */
export function readTime(text: string): WrittenTime | undefined {
  if (text === 'now') return { fromNowMs: 0 };
  const relative = /^now([+-])(.+)$/.exec(text);
  if (relative) {
    const offsetMs = parseDuration(relative[2] ?? '');
    if (offsetMs === undefined) return undefined;
    return { fromNowMs: relative[1] === '-' ? -offsetMs : offsetMs };
  }
  if (/^\d{1,15}$/.test(text)) return { ms: Number(text) };
  if (!/^\d{4}-\d\d-\d\d/.test(text) || text.length > isoCharsMax) return undefined;
  const zoned = /(Z|[+-]\d\d:?\d\d)$/i.test(text) || text.length === 10;
  const ms = Date.parse(zoned ? text : `${text}Z`);
  return Number.isNaN(ms) ? undefined : { ms };
}

/** Resolves a time to ms since the epoch; undefined before 1970 and from 2200 on. */
export function timeAt(time: WrittenTime, nowMs: number): number | undefined {
  const ms = 'ms' in time ? time.ms : nowMs + time.fromNowMs;
  return ms >= 0 && ms < timeEndMs ? ms : undefined;
}

/**
 * Reads a time, as `readTime` does, and resolves it to ms since the epoch; undefined where it
 * cannot.
 */
export function parseTime(text: string, nowMs: number): number | undefined {
  const time = readTime(text);
  return time && timeAt(time, nowMs);
}

/** The longest form: nanoseconds and an offset from UTC. */
const isoCharsMax = '2026-01-01T00:00:00.000000000+00:00'.length;

/**
 * Reads `500ms`, `30s`, `15m`, `2h`, `1d`, `1w` or a plain number of ms, as ms; undefined for
 * anything else.
 */
export function parseDuration(text: string): number | undefined {
  const parts = /^(\d{1,12})(ms|s|m|h|d|w)?$/.exec(text);
  if (!parts) return undefined;
  return Number(parts[1]) * (unitMs[parts[2] ?? 'ms'] ?? 1);
}

const stepsMs = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 604_800,
].map((seconds) => seconds * 1_000);

/** Returns the smallest round step, in ms, that cuts the range into at most `parts`. */
export function niceStepMs(rangeMs: number, parts: number): number {
  const wantedMs = rangeMs / parts;
  const round = stepsMs.find((stepMs) => stepMs >= wantedMs);
  return round ?? Math.ceil(wantedMs / 604_800_000) * 604_800_000;
}
