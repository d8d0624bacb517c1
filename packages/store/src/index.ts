export * from './ledger.ts';
export { type AuditFacts, audit, type Sighting, type SinkFacts } from './ledger-audit.ts';
export { mergeReports, settled } from './ledger-merge.ts';
export type * from './ledger-report.ts';
export { renderLedger } from './ledger-text.ts';
export * from './live-store.ts';
export * from './search-store.ts';
export * from './sink.ts';
export * from './write-store.ts';
