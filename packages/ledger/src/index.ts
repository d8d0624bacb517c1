export {
  type AuditFacts,
  audit,
  type Observation,
  type SinkFacts,
  type SpilledObservation,
} from './audit.ts';
export * from './facts.ts';
export { mergeReports, settled } from './merge.ts';
export { minuteMs, minuteOf } from './minute.ts';
export { missingNotes } from './missing-notes.ts';
export { encodeNote, parseNote } from './note.ts';
export { ObservationTable } from './observation-table.ts';
export type * from './report.ts';
export type * from './sinks.ts';
export { SpillIndex, sourceOf } from './spill-index.ts';
export { renderLedger } from './text.ts';
