import type { Client } from '@spillway/redis';
import type {
  LiveQuery,
  MapEdge,
  OperationSummary,
  ServiceSummary,
  TimeRange,
} from '@spillway/store';
import {
  bucketMs,
  otherName,
  redOf,
  sortEdges,
  sortOperations,
  sortServices,
} from '@spillway/store/live';
import type { LiveLimits } from '../limits.ts';
import { idOf, separator, serviceName, tenantName } from '../names.ts';
import { Busiest, type Slot, type Total } from './busiest.ts';

const minuteMs = 60_000;
const namesPerChunk = 24;
/** Read and added up before the next ones are read: each may be some KB, and so many names a chunk. */
const cellsPerStep = 250;

export interface ReaderOptions {
  client: Client;
  /** Begins every key of the store. */
  home: string;
  limits: LiveLimits;
  clock: () => number;
}

interface Asked {
  query: LiveQuery;
  /** `s`, `o:` and a service's id, or `e`. */
  scope: string;
  /** Name of all that are not among the busiest. */
  other: string;
}

/** Answers from the cells that `lua/cells.lua` keeps. */
export class Reader {
  readonly #options: ReaderOptions;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  services(query: LiveQuery): Promise<ServiceSummary[]> {
    return this.#inOneGeneration(async (generation) => {
      const found = await this.#totals(generation, { query, scope: 's', other: otherName });
      return sortServices(
        found.map(([service, total]) => ({
          service,
          ...redOf(total, query),
          sparkline: total.sparkline.counts,
        })),
      );
    });
  }

  operations(query: LiveQuery & { service: string }): Promise<OperationSummary[]> {
    return this.#inOneGeneration(async (generation) => {
      const service = serviceName(query.service);
      const scope = `o:${idOf('s', service)}`;
      const other = [service, 0, otherName].join(separator);
      const found = await this.#totals(generation, { query, scope, other });
      return sortOperations(
        found.map(([name, total]) => {
          const [, kind, operation = ''] = name.split(separator);
          return { operation, kind: Number(kind), ...redOf(total, query) };
        }),
      );
    });
  }

  map(query: LiveQuery): Promise<MapEdge[]> {
    return this.#inOneGeneration(async (generation) => {
      const other = [otherName, otherName].join(separator);
      const found = await this.#totals(generation, { query, scope: 'e', other });
      return sortEdges(
        found.map(([name, { count, errors, durations }]) => {
          const [from = '', to = ''] = name.split(separator);
          return { from, to, calls: count, errors, p95Ms: durations.quantile(0.95) };
        }),
      );
    });
  }

  /** Reads again when a rebuild was finished meanwhile: the old keys are being dropped. */
  async #inOneGeneration<T>(read: (generation: string) => Promise<T[]>): Promise<T[]> {
    const { client, home } = this.#options;
    const current = () => client.run((redis) => redis.hget(`${home}gens`, 'current'));
    let generation = await current();
    for (;;) {
      if (generation === null) return [];
      const answer = await read(generation);
      const now = await current();
      if (now === generation) return answer;
      generation = now;
    }
  }

  /** Adds up a scope over the minutes of the range, from the buckets of 10 s that count. */
  async #totals(generation: string, asked: Asked): Promise<[name: string, total: Total][]> {
    const { client, home, clock, limits } = this.#options;
    const { query, scope, other } = asked;
    const tenant = tenantName(query.tenant);
    const fromMs = Math.max(query.fromMs, clock() - limits.windowMs);
    const toMs = Math.min(query.toMs, clock() + 2 * minuteMs);
    const g = `${home}g${generation}:`;
    const kind = scope[0] as 's' | 'o' | 'e';
    const found = new Busiest(query, other);
    for await (const step of this.#places(g, tenant, scope, { fromMs, toMs })) {
      query.ending?.throwIfAborted();
      const cells = await client.pipeline<NamePlace, Record<string, string>>(
        step,
        (pipeline, { minute, name }) =>
          pipeline.hgetall(`${g}c:${tenant}:${minute}:${idOf(kind, name)}`),
      );
      for (const [i, { minute, name }] of step.entries()) {
        const cell = cells[i] ?? {};
        const slots = slotsOf(cell, minute * minuteMs).filter(
          ({ startMs, count }) => count > 0 && startMs + bucketMs > fromMs && startMs < toMs,
        );
        if (slots.length > 0) found.add(name, slots, cell);
      }
      await query.room?.take({ objects: found.takeGrowth(), text: 0 });
    }
    return found.totals();
  }

  /** Names by minute, some at a time. */
  async *#places(
    g: string,
    tenant: string,
    scope: string,
    { fromMs, toMs }: TimeRange,
  ): AsyncGenerator<NamePlace[]> {
    const { client } = this.#options;
    const minutes: number[] = [];
    for (let minute = Math.floor(fromMs / minuteMs); minute * minuteMs < toMs; minute++) {
      minutes.push(minute);
    }
    const keyOf = (minute: number) => `${g}i:${tenant}:${minute}:${scope}`;
    const counts = await client.pipeline<number, string | null>(minutes, (pipeline, minute) =>
      pipeline.get(keyOf(minute)),
    );
    let chunks: { minute: number; key: string }[] = [];
    for (const [i, minute] of minutes.entries()) {
      const chunkCount = Math.ceil(Number(counts[i] ?? 0) / namesPerChunk);
      for (let chunk = 0; chunk < chunkCount; chunk++) {
        chunks.push({ minute, key: `${keyOf(minute)}:${chunk}` });
        if (chunks.length * namesPerChunk < cellsPerStep) continue;
        yield await this.#names(chunks);
        chunks = [];
      }
    }
    if (chunks.length > 0) yield await this.#names(chunks);
  }

  async #names(chunks: readonly { minute: number; key: string }[]): Promise<NamePlace[]> {
    const names = await this.#options.client.pipeline<(typeof chunks)[number], string[]>(
      chunks,
      (pipeline, { key }) => pipeline.lrange(key, 0, -1),
    );
    return chunks.flatMap(({ minute }, i) => (names[i] ?? []).map((name) => ({ minute, name })));
  }
}

interface NamePlace {
  minute: number;
  name: string;
}

function slotsOf(cell: Record<string, string>, minuteStartMs: number): Slot[] {
  return [0, 1, 2, 3, 4, 5].map((slot) => ({
    startMs: minuteStartMs + slot * bucketMs,
    count: Number(cell[`n${slot}`] ?? 0),
    errors: Number(cell[`e${slot}`] ?? 0),
  }));
}
