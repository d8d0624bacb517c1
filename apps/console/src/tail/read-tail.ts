import type { AnswerRoom, LiveReader, TailItem, TailQuery } from '@spillway/store';
import { weigh } from '@spillway/store/search';

/** The records that came since the last look at the tail. */
export interface Batch {
  /** The newest ones, in the order in which they came. */
  lines: readonly TailItem[];
  /** Records that came as well and are not among them. */
  skipped: number;
  /** To go on from; undefined as long as nothing came. */
  lastId: string | undefined;
}

/** How much of the tail is sent at once. */
export interface BatchLimits {
  linesMax: number;
  /** Bytes of all lines together, as JSON. */
  bytesMax: number;
}

/** Read at once, so that what is held is small. */
const pageRecords = 200;
/** In one look: what a live store keeps is not much more. */
const pagesMax = 5;

/**
 * Reads to the end of the tail, and keeps the newest lines within the limits; the others are
 * counted as skipped.
 */
export async function readTail(
  live: Pick<LiveReader, 'tail'>,
  query: Omit<TailQuery, 'limit'>,
  { room, ...limits }: BatchLimits & { room: AnswerRoom },
): Promise<Batch> {
  const isFirst = query.afterId === undefined;
  const limit = isFirst ? limits.linesMax : pageRecords;
  let batch: Batch = { lines: [], skipped: 0, lastId: query.afterId };
  for (let pages = 0; pages < pagesMax; pages++) {
    const page = await live.tail({ ...query, afterId: batch.lastId, limit });
    const fits = await room.admit(weigh(page.items));
    const lines = newest(fits ? [...batch.lines, ...page.items] : batch.lines, limits);
    const left = batch.lines.length + page.items.length - lines.length;
    const skipped = batch.skipped + page.skipped + left;
    batch = { lines, skipped, lastId: page.lastId };
    if (isFirst || !fits || page.items.length < limit) break;
  }
  // What came before the first look was not missed.
  return isFirst ? { ...batch, skipped: 0 } : batch;
}

function newest(items: readonly TailItem[], { linesMax, bytesMax }: BatchLimits): TailItem[] {
  let bytes = 0;
  const kept = items.slice(-linesMax);
  const from = kept.findLastIndex((item) => {
    bytes += Buffer.byteLength(JSON.stringify(item));
    return bytes > bytesMax;
  });
  return kept.slice(from + 1);
}
