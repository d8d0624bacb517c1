import type { ResourceView, ScopeView } from '@spillway/store';
import { ItemWeights } from '@spillway/store/search';
import type { Hit } from '../client.ts';
import type { Reader } from '../read/reader.ts';

/**
 * A page of what the hits hold, as much as there is room for. `last` is the place of the last one. Throws
 * `too-much-asked` where there is no room for the first one.
 */
export async function itemsOf<T extends { resource: ResourceView; scope: ScopeView }>(
  { room }: Reader,
  hits: AsyncIterable<Hit>,
  { limit, view }: { limit: number; view: (hit: Hit) => T },
): Promise<{ items: T[]; isCut: boolean; last: Hit['sort'] }> {
  const items: T[] = [];
  const weights = new ItemWeights();
  let last: Hit['sort'];
  for await (const hit of hits) {
    if (items.length === limit) return { items, isCut: true, last };
    const item = view(hit);
    if (!(await room.admit(weights.weigh(item)))) {
      if (items.length === 0) throw room.tooMuch();
      return { items, isCut: true, last };
    }
    items.push(item);
    last = hit.sort;
  }
  return { items, isCut: false, last };
}
