const limitMax = 1_000;

/** What a query may ask for: at least 1, at most 1,000. */
export function pageLimit(limit: number): number {
  return Math.max(1, Math.min(Math.floor(limit), limitMax));
}
