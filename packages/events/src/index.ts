/**
 * Packages tell what happens to them as typed events, and declare beside them what each of their
 * types means. The process alone turns events into log lines.
 */

/** `error`: an operator must act. `warn`: something is not as it should be. `info`: the ordinary. */
export type Severity = 'error' | 'warn' | 'info';

export interface EventKind {
  readonly severity: Severity;
  /** What happened, and what follows from it, for an operator: whole sentences. */
  readonly description: string;
  /** The stack of its error is logged, too: it is a bug of ours. */
  readonly withStack?: boolean;
}

/** Every type of a union of events. One that is missing does not compile. */
export type EventTable<E extends { type: string }> = { readonly [T in E['type']]: EventKind };
