/** Points in time as people and links write them. Shared by the API and the page. */

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** No store is asked for a time before 1970 or from this one on: the year 2200. */
export const timeEndMs = Date.UTC(2200, 0, 1);

/**
 * Reads ms since the epoch, ISO 8601 (UTC unless it says otherwise), `now` or `now-15m`; undefined
 * for what is none of them, and for a time that no store is asked for.
 */
export function parseTime(text: string, nowMs: number): number | undefined {
  const ms = readTime(text, nowMs);
  return ms !== undefined && ms >= 0 && ms < timeEndMs ? ms : undefined;
}

function readTime(text: string, nowMs: number): number | undefined {
  if (text === 'now') return nowMs;
  const relative = /^now([+-])(.+)$/.exec(text);
  if (relative) {
    const offsetMs = parseDuration(relative[2] ?? '');
    if (offsetMs === undefined) return undefined;
    return relative[1] === '-' ? nowMs - offsetMs : nowMs + offsetMs;
  }
  if (/^\d{1,15}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || text.length > isoCharsMax) return undefined;
  const zoned = /(Z|[+-]\d\d:?\d\d)$/i.test(text) || text.length === 10;
  const ms = Date.parse(zoned ? text : `${text}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The longest form: nanoseconds and an offset from UTC. */
const isoCharsMax = '2026-01-01T00:00:00.000000000+00:00'.length;

/** `500ms`, `30s`, `15m`, `2h`, `1d`, or a plain number of ms; undefined otherwise. */
export function parseDuration(text: string): number | undefined {
  const parts = /^(\d{1,12})(ms|s|m|h|d|w)?$/.exec(text);
  if (!parts) return undefined;
  return Number(parts[1]) * (unitMs[parts[2] ?? 'ms'] ?? 1);
}

const stepsMs = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 604_800,
].map((seconds) => seconds * 1_000);

/** The smallest round step that cuts the range into at most `parts`. */
export function niceStepMs(rangeMs: number, parts: number): number {
  const wantedMs = rangeMs / parts;
  const round = stepsMs.find((stepMs) => stepMs >= wantedMs);
  return round ?? Math.ceil(wantedMs / 604_800_000) * 604_800_000;
}
