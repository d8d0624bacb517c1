import { expect, test } from 'vitest';
import { BestTraces, type FoundTrace, type TracePlace, type Walk } from './trace-page.ts';

interface Span {
  timeMs: number;
  trace: FoundTrace;
}

const spansPerStep = 5;

/** `reachMs`: how long a trace is. Traces are a second apart and overlap. */
function spansOf(traces: number, reachMs: number): Span[] {
  return Array.from({ length: traces }, (_, n) => {
    // Every third one begins together with its neighbour.
    const beginMs = 1_000 * (n - (n % 3 === 0 ? 1 : 0)) + 10_000;
    const traceId = ((n * 7_919) % 1_000).toString(16).padStart(32, '0');
    const trace = { traceId, beginMs, durationUs: 0, spans: 0, errors: 0 };
    const times = Array.from({ length: 2 + (n % 4) }, (_, i) => beginMs + (i * reachMs) / 5);
    return times.map((timeMs) => ({ timeMs, trace }));
  })
    .flat()
    .sort((a, b) => b.timeMs - a.timeMs);
}

/** As `findTraces` walks, over spans in memory. */
function readPage(
  spans: readonly Span[],
  { limit, spansMax, cursor }: { limit: number; spansMax: number; cursor: Next | undefined },
): ReturnType<BestTraces['page']> {
  const best = new BestTraces(limit, cursor?.after);
  const beganMs = cursor?.walkMs ?? Number.POSITIVE_INFINITY;
  const left = spans.filter(({ timeMs }) => timeMs <= beganMs);
  const walk: Walk = { beganMs, reachedMs: beganMs, isWhole: false };
  for (let from = 0; from < spansMax; from += spansPerStep) {
    const step = left.slice(from, from + spansPerStep);
    for (const { trace, timeMs } of step) best.offer(trace, timeMs);
    walk.reachedMs = step.at(-1)?.timeMs ?? walk.reachedMs;
    walk.isWhole = step.length < spansPerStep;
    if (walk.isWhole || best.isFullAfter(walk.reachedMs)) break;
  }
  return best.page(walk);
}

type Next = { after: TracePlace; walkMs: number };

test.each([
  { limit: 1, spansMax: 1_000, reachMs: 60_000 },
  { limit: 7, spansMax: 1_000, reachMs: 60_000 },
  { limit: 3, spansMax: 1_000, reachMs: 10 },
  { limit: 50, spansMax: 40, reachMs: 3_000 },
  { limit: 4, spansMax: 60, reachMs: 5_000 },
])('pages of $limit, $spansMax spans a call, traces of $reachMs ms', (options) => {
  const spans = spansOf(200, options.reachMs);
  const found: FoundTrace[] = [];
  let cursor: Next | undefined;
  let pages = 0;
  do {
    const page = readPage(spans, { ...options, cursor });
    expect(page.found.length).toBeLessThanOrEqual(options.limit);
    found.push(...page.found);
    cursor = page.next;
    pages++;
  } while (cursor && pages < 1_000);
  const wanted = [...new Set(spans.map(({ trace }) => trace))].sort(
    (a, b) => b.beginMs - a.beginMs || (a.traceId > b.traceId ? -1 : 1),
  );
  expect(found.map(({ traceId }) => traceId)).toEqual(wanted.map(({ traceId }) => traceId));
});

test.each([
  ['their only spans lie far after their begin', (n: number) => [n, 1_000_000 + n]],
  ['all lie in one ms', () => [5_000, 5_000]],
])('a walk comes to its end, also where %s', (_, timesOf) => {
  const spans = Array.from({ length: 100 }, (_, n) => {
    const [beginMs = 0, timeMs = 0] = timesOf(n);
    const traceId = n.toString(16).padStart(32, '0');
    return { timeMs, trace: { traceId, beginMs, durationUs: 0, spans: 1, errors: 0 } };
  }).reverse();
  let cursor: Next | undefined;
  let pages = 0;
  do {
    cursor = readPage(spans, { limit: 50, spansMax: 10, cursor }).next;
    pages++;
  } while (cursor && pages < 1_000);
  expect(cursor).toBeUndefined();
});
