export * from './ring.ts';
export * from './slot-table.ts';
