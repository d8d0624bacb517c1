export { type FormerGateway, type SpillEvent, type SpillReport, spillEvents } from './events.ts';
export type { SpilledRange } from './inventory.ts';
export { spillMetrics } from './metrics.ts';
export type { SpillNotes } from './notes.ts';
export { openSpill } from './open.ts';
export type { SpillOptions } from './options.ts';
export type { SpillOutcome, SpillRefusal } from './outcome.ts';
export type { Spill } from './spill.ts';
export type { PartitionBacklog, SpilledMessage, SpillStats } from './types.ts';
