import { createRing, placeOf } from './ring.ts';

/** Number of slots. Keys are hashed cheaply to a slot; only slots stand on the ring. */
export const slots = 65_536;

let places: Float64Array | undefined;
const tables = new Map<number, Uint16Array>();

/**
 * The partition of each slot, as the ring has it with the partitions `0` to `partitions - 1` as
 * owners. It never changes between releases, since a key has to find its partition again; from n to
 * n + 1 partitions at most 1.3 / (n + 1) of the slots move. Computed once per count (the first time
 * takes 65,536 SHA-1 hashes, some 100 ms), then shared: do not change it.
 */
export function slotTable(partitions: number): Uint16Array {
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > slots) {
    throw new RangeError(`${partitions} is not a number of partitions from 1 to ${slots}`);
  }
  let table = tables.get(partitions);
  if (table === undefined) {
    const ring = createRing(Array.from({ length: partitions }, (_, index) => String(index)));
    places ??= Float64Array.from({ length: slots }, (_, slot) => placeOf(String(slot)));
    table = Uint16Array.from(places, (place) => Number(ring.ownerAt(place)));
    tables.set(partitions, table);
  }
  return table;
}
