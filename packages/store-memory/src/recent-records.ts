import type { TelemetryRecord } from '@spillway/otlp';
import { invalidCursor, type Tail, type TailItem, type TailQuery } from '@spillway/store';
import { isInTail, tailItemOf, tailMs } from '@spillway/store/live';

/** Each takes at most 8 KB. */
const itemsMax = 1_000;
/** Measured: of an item beside its text. */
const itemBytes = 120;

/** Records of a message for the tail, and how many before them are not. */
export interface Shown {
  records: readonly TelemetryRecord[];
  skipped: number;
}

interface Kept {
  id: number;
  atMs: number;
  /** Records that came before it, and are not kept. */
  skipped: number;
  /** JSON of the item: small, and without a hold on the record that it was cut from. */
  text: string;
}

/** The records of one tenant and signal that came last, for the live tail. */
export class RecentRecords {
  readonly #clock: () => number;
  readonly #nextId: () => number;
  #recent: Kept[] = [];
  #bytes = 0;

  /** `nextId` grows for as long as the store lives, so that no id comes twice. */
  constructor({ clock, nextId }: { clock: () => number; nextId: () => number }) {
    this.#clock = clock;
    this.#nextId = nextId;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add({ records, skipped }: Shown): void {
    const atMs = this.#clock();
    let left = skipped + Math.max(0, records.length - itemsMax);
    for (const record of records.slice(-itemsMax)) {
      const item = tailItemOf(record);
      if (!item) continue;
      const kept = { id: this.#nextId(), atMs, skipped: left, text: JSON.stringify(item) };
      left = 0;
      this.#recent.push(kept);
      this.#bytes += bytesOf(kept);
    }
    this.#drop(this.#recent.length - itemsMax);
  }

  tail(query: TailQuery): Tail {
    this.expire();
    const asked = readTailId(query.afterId) ?? 0;
    // A tail that was lost counts from the start again.
    const after = asked <= (this.#recent.at(-1)?.id ?? 0) ? asked : 0;
    const kept = this.#recent.filter(({ id }) => id > after);
    const found = kept.map(itemOf);
    const matching = found.filter((item) => isInTail(item, query));
    const items = query.afterId ? matching.slice(0, query.limit) : matching.slice(-query.limit);
    // Of a page that is not the last one, what comes behind it is still to be read.
    const isWhole = !query.afterId || items.length === matching.length;
    const last = isWhole ? found.at(-1) : items.at(-1);
    const lastId = last?.id ?? query.afterId;
    const passed = query.afterId ? kept.filter(({ id }) => id <= Number(lastId)) : [];
    return { items, lastId, skipped: passed.reduce((sum, { skipped }) => sum + skipped, 0) };
  }

  expire(): void {
    const oldestMs = this.#clock() - tailMs;
    const first = this.#recent.findIndex(({ atMs }) => atMs > oldestMs);
    this.#drop(first < 0 ? this.#recent.length : first);
  }

  /** Forgets the older half: its memory is needed. */
  giveWay(): void {
    this.#drop(Math.ceil(this.#recent.length / 2));
  }

  #drop(count: number): void {
    if (count <= 0) return;
    for (const kept of this.#recent.splice(0, count)) this.#bytes -= bytesOf(kept);
  }
}

/** Reads the id of an item of a tail. Throws `invalid-query` for what is none. */
export function readTailId(id: string | undefined): number | undefined {
  if (id === undefined) return undefined;
  if (/^\d{1,15}$/.test(id)) return Number(id);
  throw invalidCursor('afterId');
}

function itemOf({ id, text }: Kept): TailItem {
  return { ...(JSON.parse(text) as TailItem), id: String(id) };
}

/** Two bytes a character, as V8 may need. */
function bytesOf({ text }: Kept): number {
  return itemBytes + 2 * text.length;
}
