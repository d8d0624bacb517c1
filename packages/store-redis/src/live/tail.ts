import type { DecodedMessage, Tail, TailItem, TailQuery } from '@spillway/store';
import { isInTail, tailItemOf } from '@spillway/store/live';
import type { Client } from '../client.ts';
import type { LiveLimits } from '../limits.ts';
import { tenantName } from '../names.ts';

/** Bytes of a chunk, which is one value; Redis keeps it in the 8 KiB that it allocates. */
const chunkBytesMax = 8_150;

interface Chunk {
  atMs: number;
  items: TailItem[];
}

/** The last `wanted` records of a message as the values that the tail keeps. */
export function chunksOf({ records }: DecodedMessage, wanted: number, nowMs: number): string[] {
  const chunks: string[] = [];
  let items = '';
  const close = (): void => {
    if (items) chunks.push(`{"atMs":${nowMs},"items":[${items}]}`);
    items = '';
  };
  for (const record of wanted > 0 ? records.slice(-wanted) : []) {
    const item = JSON.stringify(tailItemOf(record));
    if (Buffer.byteLength(items) + Buffer.byteLength(item) > chunkBytesMax - 50) close();
    items += items ? `,${item}` : item;
  }
  close();
  return chunks;
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
    const found = await this.#read(query);
    const matching = found.filter((item) => isInTail(item, query));
    const items = query.afterId ? matching.slice(0, query.limit) : matching.slice(-query.limit);
    // Of a page that is not the last one, what comes behind it is still to be read.
    const isWhole = !query.afterId || items.length === matching.length;
    const last = isWhole ? found.at(-1) : items.at(-1);
    return { items, lastId: last?.id ?? query.afterId };
  }

  /** Everything that is kept and came after the id. */
  async #read({ tenant, signal, afterId }: TailQuery): Promise<TailItem[]> {
    const { client, home, limits, clock } = this.#options;
    const positions = await client.run((redis) => redis.hget(`${home}gens`, 'positions'));
    const key = `${home}t:${positions}:${tenantName(tenant)}:${signal}`;
    const newest = Number(await client.run((redis) => redis.get(key)));
    const [chunk = 0, index = 0] = afterId?.split('-').map(Number) ?? [];
    // A tail that began again counts from the start again.
    const isAfter = chunk <= newest ? chunk : 0;
    const first = Math.max(1, isAfter, newest - limits.tailChunks + 1);
    const numbers = Array.from({ length: Math.max(0, newest - first + 1) }, (_, i) => first + i);
    const values = await client.pipeline<number, string | null>(numbers, (pipeline, number) =>
      pipeline.get(`${key}:${number}`),
    );
    const oldestMs = clock() - limits.tailMs;
    return numbers.flatMap((number, i) => {
      const { atMs, items } = JSON.parse(values[i] ?? '{"atMs":0,"items":[]}') as Chunk;
      if (atMs <= oldestMs) return [];
      const named = items.map((item, at) => ({ ...item, id: `${number}-${at}` }));
      return number === isAfter ? named.slice(index + 1) : named;
    });
  }
}
