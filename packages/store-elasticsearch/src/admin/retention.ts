/**
 * Retention moves a horizon: what lies before it is not found any more and counts as retired. The
 * documents go with the index of their day, when all of it lies before the horizon.
 */

import type { Client } from '@elastic/elasticsearch';
import { type Signal, signals } from '@spillway/otlp';
import { call, callIfThere } from '../client.ts';
import { unavailable } from '../errors.ts';
import type { IndexNames } from '../names.ts';
import { Reader } from '../read/reader.ts';
import { retiredLine } from '../write/account.ts';
import { type BulkOptions, sendBulk } from '../write/bulk.ts';
import type { Generations } from './generations.ts';
import { dropIndex, listIndices } from './indices.ts';
import { placeOf, placeSources } from './ledger.ts';

/**
 * The account of a minute outlives its records by this much: a record may lie up to a day after
 * the minute in which it was accepted.
 */
const accountReachMs = 86_400_000;

export interface RetentionContext {
  client: Client;
  names: IndexNames;
  bulk: BulkOptions;
  generations: Generations;
}

/**
 * Moves the horizon of retention, and drops the indices that lie before it. Resolves with the
 * number of records between the old horizon and the new one.
 */
export async function retain(
  context: RetentionContext,
  { beforeMs, accountBeforeMs }: { beforeMs: number; accountBeforeMs: number },
): Promise<number> {
  const horizonMs = Math.floor(beforeMs);
  let movedFromMs = horizonMs;
  const { current } = await context.generations.update((state) => {
    movedFromMs = Math.min(state.horizonMs, horizonMs);
    return { ...state, horizonMs: Math.max(state.horizonMs, horizonMs) };
  });
  const reader = new Reader(context.client, context.names, { generation: current, horizonMs: 0 });
  await reader.refresh('*');
  const range = { range: { '@timestamp': { gte: movedFromMs, lt: horizonMs } } };
  let retired = 0;
  for (const signal of signals) {
    const { hits } = await reader.search(signal, {
      size: 0,
      track_total_hits: true,
      query: range,
    });
    retired += typeof hits.total === 'object' ? hits.total.value : 0;
  }
  await dropPassed(context, { horizonMs, accountBeforeMs });
  return retired;
}

/**
 * Drops passed indices of every generation in use. One that is not, which a crash left behind, goes
 * whole.
 */
async function dropPassed(
  context: RetentionContext,
  { horizonMs, accountBeforeMs }: { horizonMs: number; accountBeforeMs: number },
): Promise<void> {
  const { names, generations } = context;
  const { current, building, last } = await generations.state();
  for (const { index, uuid } of await listIndices(context.client, context.names)) {
    const parsed = names.parse(index);
    if (!parsed) continue;
    const { generation, kind, endMs } = parsed;
    const isUsed = generation === current || generation === building;
    if (!isUsed) {
      if (generation <= last) await dropIndex(context.client, index);
    } else if (kind === 'account') {
      if (endMs <= accountBeforeMs - accountReachMs) await dropIndex(context.client, index);
    } else if (endMs <= horizonMs) {
      await retireIndex(context, { index, uuid, generation, signal: kind as Signal });
    }
  }
}

interface Passed {
  index: string;
  uuid: string;
  generation: number;
  signal: Signal;
}

/** Counts what is in the index into the account, then drops it. After a crash: again, the same. */
async function retireIndex(context: RetentionContext, passed: Passed): Promise<void> {
  const { client, names, bulk } = context;
  const { index, uuid, generation, signal } = passed;
  // Nothing may come between the count and the drop.
  const blocked = await callIfThere(() => client.indices.addBlock({ index, block: 'write' }));
  if (!blocked) return;
  await call(() => client.indices.refresh({ index }));
  const reader = new Reader(client, names, { generation, horizonMs: 0 });
  const pages = reader.composite(signal, [{ term: { _index: index } }], {
    sources: placeSources(['tenant', 'minute']),
  });
  for await (const page of pages) {
    const lines = page.map((bucket) =>
      retiredLine(names, generation, uuid, {
        ...placeOf(bucket),
        signal,
        retired: bucket.doc_count,
      }),
    );
    const results = await sendBulk(bulk, lines);
    if (results.some(({ status }) => status !== 'done')) {
      throw unavailable('what was retired could not be noted');
    }
  }
  const isSame = (await listIndices(context.client, context.names)).some(
    (each) => each.uuid === uuid,
  );
  if (isSame) await dropIndex(context.client, index);
}
