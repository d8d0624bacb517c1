import { setTimeout as sleep } from 'node:timers/promises';
import type { LogView, PointView, SpanView } from '@spillway/store';
import { expect } from 'vitest';
import type { Expected } from './expected.ts';
import type { Spillway } from './spillway.ts';

const waitMsMax = 15_000;
const pollMs = 100;
/** Around now, generously. */
const range = 'from=now-1d&to=now%2B1h&limit=1000';

interface Ledger {
  totals: Record<string, number>;
  bySignal: Record<string, Record<string, number>>;
}

/**
 * Waits until the account and the query API have everything that was sent so far, and compares:
 * the counts of both stores, and every field of every record of `sent`.
 */
export async function expectAll(spillway: Spillway, sent: Expected): Promise<void> {
  spillway.sent.push(sent);
  await expectLedger(spillway);
  expect(await spansOf(spillway, sent)).toEqual(sorted(sent.spans));
  expect(await logsOf(spillway, sent)).toEqual(sorted(sent.logs));
  expect(await pointsOf(spillway, sent)).toEqual(sorted(sent.points));
}

/** Accepted, stored and searchable are what was sent, by signal; nothing else happened. */
async function expectLedger(spillway: Spillway): Promise<void> {
  const counts = { traces: 0, logs: 0, metrics: 0 };
  for (const { spans, logs, points } of spillway.sent) {
    counts.traces += spans.length;
    counts.logs += logs.length;
    counts.metrics += points.length;
  }
  const total = counts.traces + counts.logs + counts.metrics;
  const ledger = await eventually(
    () => spillway.get<Ledger>('/api/ledger'),
    (answer) => answer?.totals.stored === total && answer.totals.searchable === total,
  );
  expect(ledger?.totals).toMatchObject({
    accepted: total,
    stored: total,
    searchable: total,
    duplicates: 0,
    waiting: 0,
    deadLettered: 0,
    expired: 0,
    refused: 0,
    unaccounted: 0,
  });
  for (const [signal, count] of Object.entries(counts)) {
    if (count === 0) continue;
    const { accepted, stored, searchable } = ledger?.bySignal[signal] ?? {};
    expect([signal, accepted, stored, searchable]).toEqual([signal, count, count, count]);
  }
}

async function spansOf(spillway: Spillway, { spans }: Expected): Promise<SpanView[]> {
  const ids = new Set(spans.map(({ traceId }) => traceId));
  const found: SpanView[] = [];
  for (const id of ids) {
    const answer = await spillway.get<{ spans: SpanView[] }>(`/api/traces/${id}`);
    found.push(...(answer?.spans ?? []));
  }
  return sorted(found);
}

async function logsOf(spillway: Spillway, { logs }: Expected): Promise<Omit<LogView, 'key'>[]> {
  const services = new Set(logs.map(({ service }) => service));
  const found: LogView[] = [];
  for (const service of services) {
    const path = `/api/logs?${range}&service=${encodeURIComponent(service)}`;
    found.push(...(await pages<LogView>(spillway, path, 'logs')));
  }
  return sorted(found.map(({ key: _, ...log }) => log));
}

async function pointsOf(
  spillway: Spillway,
  { points }: Expected,
): Promise<Omit<PointView, 'key'>[]> {
  const services = new Set(points.map(({ service }) => service));
  const found: PointView[] = [];
  for (const name of new Set(points.map(({ metric }) => metric.name))) {
    const path = `/api/metrics/points?${range}&name=${encodeURIComponent(name)}`;
    found.push(...(await pages<PointView>(spillway, path, 'points')));
  }
  const own = found.filter(({ service }) => services.has(service));
  return sorted(own.map(({ key: _, ...point }) => point));
}

async function pages<T>(spillway: Spillway, path: string, field: string): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const at = cursor === undefined ? path : `${path}&cursor=${encodeURIComponent(cursor)}`;
    const answer = await spillway.get<Record<string, unknown>>(at);
    items.push(...((answer?.[field] ?? []) as T[]));
    cursor = answer?.cursor as string | undefined;
  } while (cursor !== undefined);
  return items;
}

/** Until `done`, or too long: then the last answer, for the assertion to show. */
async function eventually<T>(ask: () => Promise<T>, done: (answer: T) => boolean): Promise<T> {
  const endMs = performance.now() + waitMsMax;
  for (;;) {
    const answer = await ask();
    if (done(answer) || performance.now() > endMs) return answer;
    await sleep(pollMs);
  }
}

/** In an order of their own, so that lists can be compared whatever order they came in. */
function sorted<T>(items: readonly T[]): T[] {
  const texts = new Map(items.map((item) => [item, stableText(item)]));
  return items.toSorted((a, b) => ((texts.get(a) as string) < (texts.get(b) as string) ? -1 : 1));
}

function stableText(value: unknown): string {
  return JSON.stringify(value, (_key, inner) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
