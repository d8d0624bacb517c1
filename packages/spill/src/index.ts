export type { SpillNotes } from './disk/notes.ts';
export { type FormerGateway, type SpillEvent, type SpillReport, spillEvents } from './events.ts';
export { spillMetrics } from './metrics.ts';
export { openSpill } from './open.ts';
export type { SpillOptions } from './options.ts';
export type { SpillOutcome, SpillRefusal } from './outcome.ts';
export type { SpilledRange } from './queue/inventory.ts';
export type { Spill } from './spill.ts';
export type { PartitionBacklog, SpilledMessage, SpillStats } from './types.ts';
