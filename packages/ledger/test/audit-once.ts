import {
  AuditBooks,
  type LedgerReport,
  type MessageFacts,
  type RangeFacts,
  type RowCount,
  type SinkFacts,
} from '../src/index.ts';

/** Everything that an audit adds up, at once. */
export type AllFacts = Omit<MessageFacts, 'sinks'> &
  Omit<RangeFacts, 'rows'> & {
    sinks: readonly (SinkFacts & { rows: readonly RowCount[] })[];
  };

/** The account of all that is known, in one part. */
export function auditOnce({ noted, spilled, refused, spills, sinks }: AllFacts): LedgerReport {
  const books = new AuditBooks(sinks.map(({ sink }) => sink));
  books.add({ noted, spilled, sinks });
  const rows = new Map(sinks.map(({ sink, rows: ofSink }) => [sink.name, ofSink]));
  return books.close({ rows, refused, spills });
}
