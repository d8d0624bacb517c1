import type { DecodedMessage, Tail, TailItem, TailQuery } from '@spillway/store';
import { isInTail, TailRate, tailItemOf, tailMs } from '@spillway/store/live';

/** Per tenant and signal; each takes at most 8 KB. */
const itemsMax = 1_000;
const perSecond = 200;

/** The records that came last, for the live tail. */
export class RecentRecords {
  readonly #clock: () => number;
  readonly #rate = new TailRate(perSecond);
  readonly #recent = new Map<string, { item: TailItem; atMs: number }[]>();
  #lastId = 0;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  add({ envelope, signal, records }: DecodedMessage): void {
    if (signal === 'metrics') return;
    const name = `${signal}/${envelope.tenant}`;
    const atMs = this.#clock();
    const wanted = this.#rate.take(name, Math.min(records.length, itemsMax), atMs);
    const recent = this.#recent.get(name) ?? [];
    this.#recent.set(name, recent);
    for (const record of wanted > 0 ? records.slice(-wanted) : []) {
      const item = tailItemOf(record);
      if (item) recent.push({ item: { ...item, id: String(++this.#lastId) }, atMs });
    }
    if (recent.length > itemsMax) recent.splice(0, recent.length - itemsMax);
  }

  tail(query: TailQuery): Tail {
    const oldestMs = this.#clock() - tailMs;
    const recent = this.#recent.get(`${query.signal}/${query.tenant}`) ?? [];
    const after = Number(query.afterId ?? 0);
    const found = recent
      .filter(({ item, atMs }) => atMs > oldestMs && Number(item.id) > after)
      .map(({ item }) => item);
    const matching = found.filter((item) => isInTail(item, query));
    const items = query.afterId ? matching.slice(0, query.limit) : matching.slice(-query.limit);
    // Of a page that is not the last one, what comes behind it is still to be read.
    const isWhole = !query.afterId || items.length === matching.length;
    const last = isWhole ? found.at(-1) : items.at(-1);
    return { items, lastId: last?.id ?? query.afterId };
  }

  clear(): void {
    this.#recent.clear();
  }
}
