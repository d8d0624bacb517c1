/** When the shop's payment provider is unwell, so that there is something to find. */
const firstAfterMs = 60_000;
const everyMs = 180_000;
const lastsMs = 30_000;

/**
 * Whether the shop has its incident: for 30 s every 3 minutes, the first time a minute after the
 * start.
 */
export function isIncident(elapsedMs: number): boolean {
  const sinceFirstMs = elapsedMs - firstAfterMs;
  return sinceFirstMs >= 0 && sinceFirstMs % everyMs < lastsMs;
}
