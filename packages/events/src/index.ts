/**
 * Packages report what happens to them as typed events, and declare beside them what each of their
 * types means. The process alone turns events into log lines.
 */

/**
 * How much an event matters. `error`: an operator must act. `warn`: something is not as it should
 * be. `info`: ordinary operation.
 */
export type Severity = 'error' | 'warn' | 'info';

/** What one type of event means to an operator, declared once beside the code that reports it. */
export interface EventKind {
  readonly severity: Severity;
  /** What happened, and what follows from it, for an operator: whole sentences. */
  readonly description: string;
  /** Whether the stack of its error is logged, too, since the error is a bug in Spillway. */
  readonly withStack?: boolean;
}

/**
 * What each type of the event union `E` means. A table that lacks one of the types does not
 * compile.
 */
export type EventTable<E extends { type: string }> = { readonly [T in E['type']]: EventKind };
