import { type Signal, signals } from '@spillway/otlp';
import type { LogView, Page, PointView, SearchStore, SpanView, WriteStore } from '@spillway/store';
import { traceIdOf } from '../load/load.ts';
import { type Census, count, identityOf, messageName, newCensus, readOrder } from './census.ts';

/** Which message brought which sequences. */
export type Contents = Map<string, { sender: string; sequences: number[] }[]>;

const dayMs = 86_400_000;
const pageSize = 1_000;

function lastDay() {
  const nowMs = Date.now();
  return { fromMs: nowMs - dayMs, toMs: nowMs + dayMs };
}

/** Minutes of acceptance since then, a day at most, and those of a clock that is ahead. */
export function minutesSince(sinceMs = Date.now() - dayMs) {
  const { toMs } = lastDay();
  return { fromMinute: Math.floor(sinceMs / 60_000), toMinute: Math.floor(toMs / 60_000) };
}

/** The rows; whoever writes must have ended. Starts and stops the store. */
export async function readWriteStore(
  store: WriteStore,
  minutes = minutesSince(),
): Promise<{ census: Census; contents: Contents }> {
  await store.start();
  const census = newCensus();
  const contents: Contents = new Map();
  for (const signal of signals) {
    for await (const { applied, records } of store.readBack({ ...minutes, signal })) {
      const identities = records.map(identityOf);
      for (const { sender, sequence } of identities) count(census, sender, sequence);
      const bySender = Map.groupBy(identities, ({ sender }) => sender);
      contents.set(
        messageName(applied),
        [...bySender].map(([sender, own]) => ({ sender, sequences: own.map((i) => i.sequence) })),
      );
    }
  }
  readOrder(census, await store.appliedMessages(minutes), contents);
  await store.stop();
  return { census, contents };
}

/** The documents of a stopped Spillway, through the queries that the console uses. */
export async function readReadStore(
  store: SearchStore,
  contents: Contents,
  senders: readonly { name: string; signal: Signal }[],
): Promise<Census> {
  await store.start();
  const census = newCensus();
  for (const { name, signal } of senders) {
    const documents = signal === 'traces' ? spansOf(store, name) : pagesOf(store, signal, name);
    for await (const document of documents) {
      const { sender, sequence } = identityOf(document);
      if (sender === name) count(census, sender, sequence);
    }
  }
  readOrder(census, await store.appliedMessages(minutesSince()), contents);
  await store.stop();
  return census;
}

async function* spansOf(store: SearchStore, sender: string): AsyncIterable<SpanView> {
  const trace = await store.trace('default', traceIdOf(sender));
  if (trace?.truncated) throw new Error(`the trace of ${sender} is longer than a query answers`);
  yield* trace?.spans ?? [];
}

async function* pagesOf(
  store: SearchStore,
  signal: 'logs' | 'metrics',
  sender: string,
): AsyncIterable<LogView | PointView> {
  const query = { ...lastDay(), tenant: 'default', limit: pageSize };
  let cursor: string | undefined;
  do {
    const page: Page<LogView | PointView> =
      signal === 'logs'
        ? await store.findLogs({ ...query, service: sender, cursor })
        : await store.points({ ...query, name: `load.${sender}`, cursor });
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
