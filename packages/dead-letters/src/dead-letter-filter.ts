import type { Signal } from '@spillway/otlp';
import type { DeadLetter } from './dead-letter.ts';

/** Which dead letters are meant. */
export interface DeadLetterFilter {
  tenant?: string | undefined;
  group?: string | undefined;
  code?: string | undefined;
  signal?: Signal | undefined;
  /** Those already resubmitted, too. */
  all?: boolean | undefined;
}

export function matches(deadLetter: DeadLetter, filter: DeadLetterFilter): boolean {
  if (!filter.all && deadLetter.resubmitted) return false;
  return (['tenant', 'group', 'code', 'signal'] as const).every(
    (name) => filter[name] === undefined || filter[name] === deadLetter[name],
  );
}
