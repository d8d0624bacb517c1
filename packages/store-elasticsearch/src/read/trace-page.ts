export interface TracePlace {
  beginMs: number;
  traceId: string;
}

export interface FoundTrace extends TracePlace {
  durationUs: number;
  spans: number;
  errors: number;
}

/** How far a call came through the spans, the latest first. */
export interface Walk {
  beganMs: number;
  /** Every span later than this was met. */
  reachedMs: number;
  /** There are no more. */
  isWhole: boolean;
}

interface Held {
  trace: FoundTrace;
  /** The earliest of its spans that the walk met. */
  seenMs: number;
}

const lastId = 'f'.repeat(32);

/** The newest traces met so far, one more than the page holds. */
export class BestTraces {
  readonly #limit: number;
  readonly #after: TracePlace | undefined;
  readonly #held = new Map<string, Held>();
  /** Where the traces that found no place here were last met. */
  #leftMs = Number.NEGATIVE_INFINITY;

  constructor(limit: number, after: TracePlace | undefined) {
    this.#limit = limit;
    this.#after = after;
  }

  offer(trace: FoundTrace, seenMs: number): void {
    if (this.#after && compare(trace, this.#after) <= 0) return;
    this.#held.set(trace.traceId, { trace, seenMs });
    if (this.#held.size > 2 * this.#limit + 2) this.#drop();
  }

  /** The page is full of traces that begin after the time. */
  isFullAfter(reachedMs: number): boolean {
    let settled = 0;
    for (const { trace } of this.#held.values()) if (trace.beginMs > reachedMs) settled++;
    return settled > this.#limit;
  }

  page({ beganMs, reachedMs, isWhole }: Walk): {
    found: FoundTrace[];
    next: { after: TracePlace; walkMs: number } | undefined;
  } {
    const sorted = this.#sorted();
    const settled = isWhole ? sorted : sorted.filter(({ trace }) => trace.beginMs > reachedMs);
    const found = settled.slice(0, this.#limit).map(({ trace }) => trace);
    const left = sorted.slice(found.length);
    if (isWhole && left.length === 0) return { found, next: undefined };
    const isFull = settled.length > this.#limit;
    const last = found.at(-1);
    const after = isFull && last ? last : { beginMs: reachedMs, traceId: lastId };
    let walkMs = Math.max(this.#leftMs, isWhole ? 0 : reachedMs);
    for (const { seenMs } of left) walkMs = Math.max(walkMs, seenMs);
    // A page must come further than the one before it, whatever it leaves behind.
    if (!isFull && walkMs >= beganMs) walkMs = Math.min(reachedMs, beganMs - 1);
    return { found, next: { after, walkMs } };
  }

  #drop(): void {
    for (const { trace, seenMs } of this.#sorted().slice(this.#limit + 1)) {
      this.#held.delete(trace.traceId);
      this.#leftMs = Math.max(this.#leftMs, seenMs);
    }
  }

  #sorted(): Held[] {
    return [...this.#held.values()].sort((a, b) => compare(a.trace, b.trace));
  }
}

/** Below 0 when `a` comes first: the newest does. */
function compare(a: TracePlace, b: TracePlace): number {
  if (a.beginMs !== b.beginMs) return b.beginMs - a.beginMs;
  return a.traceId > b.traceId ? -1 : a.traceId < b.traceId ? 1 : 0;
}
