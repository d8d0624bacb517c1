/** The ledger counts by the minute in which a gateway accepted a message. */
export const minuteMs = 60_000;

/** The minute that a time in milliseconds since 1970 is in, as whole minutes since 1970. */
export function minuteOf(timeMs: number): number {
  return Math.floor(timeMs / minuteMs);
}
