import type { MapEdge, OperationSummary, ServiceSummary, TimeRange } from '@spillway/store';
import {
  bucketMs,
  redOf,
  Sketch,
  Sparkline,
  sortEdges,
  sortOperations,
  sortServices,
} from '@spillway/store/live';
import type { Client } from './client.ts';
import type { LiveLimits } from './limits.ts';
import { idOf, separator, serviceName, tenantName } from './names.ts';

const minuteMs = 60_000;
const namesPerChunk = 24;

export interface ReaderOptions {
  client: Client;
  /** Begins every key of the store. */
  home: string;
  limits: LiveLimits;
  clock: () => number;
}

type TenantRange = TimeRange & { tenant: string };

/** Answers from the cells that `lua/cells.lua` keeps. */
export class Reader {
  readonly #options: ReaderOptions;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  services(query: TenantRange): Promise<ServiceSummary[]> {
    return this.#inOneGeneration(async (generation) => {
      const found = new Map<string, { total: Total; sparkline: Sparkline }>();
      for (const { name, slots, cell } of await this.#cells(generation, query, 's', 's')) {
        const entry = found.get(name) ?? { total: new Total(), sparkline: new Sparkline(query) };
        found.set(name, entry);
        entry.total.add(slots, cell);
        for (const { startMs, count } of slots) entry.sparkline.add(startMs, count);
      }
      return sortServices(
        [...found].map(([service, { total, sparkline }]) => ({
          service,
          ...redOf(total, query),
          sparkline: sparkline.counts,
        })),
      );
    });
  }

  operations(query: TenantRange & { service: string }): Promise<OperationSummary[]> {
    return this.#inOneGeneration(async (generation) => {
      const scope = `o:${idOf('s', serviceName(query.service))}`;
      const found = totalsOf(await this.#cells(generation, query, scope, 'o'));
      return sortOperations(
        [...found].map(([name, total]) => {
          const [, kind, operation = ''] = name.split(separator);
          return { operation, kind: Number(kind), ...redOf(total, query) };
        }),
      );
    });
  }

  map(query: TenantRange): Promise<MapEdge[]> {
    return this.#inOneGeneration(async (generation) => {
      const found = totalsOf(await this.#cells(generation, query, 'e', 'e'));
      return sortEdges(
        [...found].map(([name, { count, errors, durations }]) => {
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

  /** Cells of a scope in the minutes of the range, each with the buckets of it that count. */
  async #cells(generation: string, query: TenantRange, scope: string, kind: 's' | 'o' | 'e') {
    const { client, home, clock, limits } = this.#options;
    const tenant = tenantName(query.tenant);
    const fromMs = Math.max(query.fromMs, clock() - limits.windowMs);
    const toMs = Math.min(query.toMs, clock() + 2 * minuteMs);
    const g = `${home}g${generation}:`;
    const places = (await this.#names(g, tenant, scope, { fromMs, toMs })).flatMap(
      ({ minute, names }) => names.map((name) => ({ minute, name })),
    );
    const cells = await client.pipeline<(typeof places)[number], Record<string, string>>(
      places,
      (pipeline, { minute, name }) =>
        pipeline.hgetall(`${g}c:${tenant}:${minute}:${idOf(kind, name)}`),
    );
    return places.flatMap(({ minute, name }, i) => {
      const cell = cells[i] ?? {};
      const slots = slotsOf(cell, minute * minuteMs).filter(
        ({ startMs, count }) => count > 0 && startMs + bucketMs > fromMs && startMs < toMs,
      );
      return slots.length > 0 ? [{ name, slots, cell }] : [];
    });
  }

  async #names(g: string, tenant: string, scope: string, { fromMs, toMs }: TimeRange) {
    const { client } = this.#options;
    const minutes: number[] = [];
    for (let minute = Math.floor(fromMs / minuteMs); minute * minuteMs < toMs; minute++) {
      minutes.push(minute);
    }
    const keyOf = (minute: number) => `${g}i:${tenant}:${minute}:${scope}`;
    const counts = await client.pipeline<number, string | null>(minutes, (pipeline, minute) =>
      pipeline.get(keyOf(minute)),
    );
    const chunks = minutes.flatMap((minute, i) =>
      Array.from({ length: Math.ceil(Number(counts[i] ?? 0) / namesPerChunk) }, (_, chunk) => ({
        minute,
        key: `${keyOf(minute)}:${chunk}`,
      })),
    );
    const names = await client.pipeline<(typeof chunks)[number], string[]>(
      chunks,
      (pipeline, { key }) => pipeline.lrange(key, 0, -1),
    );
    return chunks.map(({ minute }, i) => ({ minute, names: names[i] ?? [] }));
  }
}

interface Slot {
  startMs: number;
  count: number;
  errors: number;
}

/** Of one name over all minutes: exact to 10 s, durations to the minute. */
class Total {
  count = 0;
  errors = 0;
  lastMs = 0;
  readonly durations = new Sketch();

  add(slots: readonly Slot[], cell: Record<string, string>): void {
    for (const { count, errors } of slots) {
      this.count += count;
      this.errors += errors;
    }
    this.lastMs = Math.max(this.lastMs, Number(cell.l));
    for (const [field, count] of Object.entries(cell)) {
      if (field.startsWith('h')) this.durations.addBucket(Number(field.slice(1)), Number(count));
    }
  }
}

function totalsOf(
  cells: readonly { name: string; slots: Slot[]; cell: Record<string, string> }[],
): Map<string, Total> {
  const found = new Map<string, Total>();
  for (const { name, slots, cell } of cells) {
    const total = found.get(name) ?? new Total();
    found.set(name, total);
    total.add(slots, cell);
  }
  return found;
}

function slotsOf(cell: Record<string, string>, minuteStartMs: number): Slot[] {
  return [0, 1, 2, 3, 4, 5].map((slot) => ({
    startMs: minuteStartMs + slot * bucketMs,
    count: Number(cell[`n${slot}`] ?? 0),
    errors: Number(cell[`e${slot}`] ?? 0),
  }));
}
