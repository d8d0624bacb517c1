export { createRing, defaultVirtualNodes, type Ring } from './ring.ts';
export { slots, slotTable } from './slot-table.ts';
