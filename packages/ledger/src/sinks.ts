/**
 * A store that a consumer group fills. It is declared once, where the group is made; whatever goes
 * over all of them (the audit, lag, freshness, topics, alerts) reads the declarations.
 */
export interface SinkSpec {
  /** In reports, and in answers of the query API. */
  readonly name: string;
  /** The consumer group that fills it. */
  readonly group: string;
  /** For people. */
  readonly title: string;
  /** The terms of the write side are those of a report's totals; a read side has its own only. */
  readonly side: 'write' | 'read';
  /** Among the totals, the count of what a read side has stored; undefined where there is none. */
  readonly storedAs?: 'searchable';
}
