import type { Client } from '@spillway/redis';
import {
  type DecodedMessage,
  invalidCursor,
  type Tail,
  type TailItem,
  type TailQuery,
} from '@spillway/store';
import { isInTail, tailItemOf } from '@spillway/store/live';
import type { LiveLimits } from '../limits.ts';
import { tenantName } from '../names.ts';

/** Bytes of a chunk, which is one value; Redis keeps it in the 8 KiB that it allocates. */
const chunkBytesMax = 8_150;

interface Chunk {
  atMs: number;
  /** Records that came before it, and are not kept. Absent in what an older version wrote. */
  skipped?: number;
  items: TailItem[];
}

export interface Shown {
  granted: number;
  skipped: number;
  nowMs: number;
}

/** The last `granted` records of a message as the values that the tail keeps. */
export function chunksOf({ records }: DecodedMessage, shown: Shown): string[] {
  const { granted, skipped, nowMs } = shown;
  const chunks: string[] = [];
  let items = '';
  const close = (): void => {
    const before = chunks.length === 0 ? skipped : 0;
    if (items) chunks.push(`{"atMs":${nowMs},"skipped":${before},"items":[${items}]}`);
    items = '';
  };
  for (const record of granted > 0 ? records.slice(-granted) : []) {
    const item = JSON.stringify(tailItemOf(record));
    if (Buffer.byteLength(items) + Buffer.byteLength(item) > chunkBytesMax - 80) close();
    items += items ? `,${item}` : item;
  }
  close();
  return chunks;
}

interface Kept {
  item: TailItem;
  /** Records that came before it, and are not kept. */
  skipped: number;
}

export interface TailReaderOptions {
  client: Client;
  /** Begins every key of the store. */
  home: string;
  limits: LiveLimits;
  clock: () => number;
}

/** Reads the ring of chunks that `apply.lua` keeps per tenant and signal. */
export class TailReader {
  readonly #options: TailReaderOptions;

  constructor(options: TailReaderOptions) {
    this.#options = options;
  }

  async tail(query: TailQuery): Promise<Tail> {
    const read = await this.#read(query);
    const found = read.map(({ item }) => item);
    const matching = found.filter((item) => isInTail(item, query));
    const items = query.afterId ? matching.slice(0, query.limit) : matching.slice(-query.limit);
    // Of a page that is not the last one, what comes behind it is still to be read.
    const isWhole = !query.afterId || items.length === matching.length;
    const last = isWhole ? found.at(-1) : items.at(-1);
    const to = last ? found.indexOf(last) + 1 : 0;
    const passed = query.afterId ? read.slice(0, to) : [];
    const skipped = passed.reduce((sum, { skipped }) => sum + skipped, 0);
    return { items, lastId: last?.id ?? query.afterId, skipped };
  }

  /** Everything that is kept and came after the id. */
  async #read({ tenant, signal, afterId }: TailQuery): Promise<Kept[]> {
    const { client, home, limits, clock } = this.#options;
    const [chunk, index] = readTailId(afterId) ?? [0, 0];
    const positions = await client.run((redis) => redis.hget(`${home}gens`, 'positions'));
    const key = `${home}t:${positions}:${tenantName(tenant)}:${signal}`;
    const newest = Number(await client.run((redis) => redis.get(key)));
    // A tail that was lost counts from the start again.
    const isAfter = chunk <= newest ? chunk : 0;
    const first = Math.max(1, isAfter, newest - limits.tailChunks + 1);
    const numbers = Array.from({ length: Math.max(0, newest - first + 1) }, (_, i) => first + i);
    const values = await client.pipeline<number, string | null>(numbers, (pipeline, number) =>
      pipeline.get(`${key}:${number}`),
    );
    const oldestMs = clock() - limits.tailMs;
    return numbers.flatMap((number, i) => {
      const text = values[i] ?? '{"atMs":0,"items":[]}';
      const { atMs, skipped = 0, items } = JSON.parse(text) as Chunk;
      if (atMs <= oldestMs) return [];
      const named = items.map((item, at) => ({
        item: { ...item, id: `${number}-${at}` },
        skipped: at === 0 ? skipped : 0,
      }));
      return number === isAfter ? named.slice(index + 1) : named;
    });
  }
}

/** Number of the chunk and of the item in it. Throws `invalid-query` for what is no id of an item. */
function readTailId(id: string | undefined): [chunk: number, index: number] | undefined {
  if (id === undefined) return undefined;
  const [, chunk, index] = /^(\d{1,15})-(\d{1,6})$/.exec(id) ?? [];
  if (chunk === undefined || index === undefined) throw invalidCursor('afterId');
  return [Number(chunk), Number(index)];
}
