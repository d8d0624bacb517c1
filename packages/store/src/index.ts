export * from './answer-room.ts';
export * from './ledger.ts';
export {
  type AuditFacts,
  audit,
  type Sighting,
  type SinkFacts,
  type SpilledSighting,
} from './ledger-audit.ts';
export { mergeReports, settled } from './ledger-merge.ts';
export { missingNotes } from './ledger-missing.ts';
export type * from './ledger-report.ts';
export { laneOf, SpillIndex } from './ledger-spills.ts';
export { renderLedger } from './ledger-text.ts';
export * from './live-store.ts';
export * from './message-parts.ts';
export type * from './rebuild.ts';
export * from './search-store.ts';
export { SightingTable } from './sighting-table.ts';
export * from './sink.ts';
export * from './write-store.ts';
