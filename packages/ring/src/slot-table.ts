import { createRing } from './ring.ts';

/** Keys are hashed cheaply to a slot; the ring maps slots to partitions, once per count. */
export const slotCount = 65_536;

const tables = new Map<number, Uint16Array>();

/**
 * Slot to partition, 65,536 entries, from the ring of the partitions' numbers. Shared between
 * callers: do not write to it.
 * @param partitions 1 to 65,536
 */
export function slotTable(partitions: number): Uint16Array {
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > slotCount) {
    throw new RangeError(`partitions: wanted 1 to ${slotCount}, got ${partitions}`);
  }
  let table = tables.get(partitions);
  if (!table) {
    const ring = createRing(Array.from({ length: partitions }, (_, i) => String(i)));
    table = Uint16Array.from({ length: slotCount }, (_, slot) =>
      Number(ring.ownerOf(`slot ${slot}`)),
    );
    tables.set(partitions, table);
  }
  return table;
}
