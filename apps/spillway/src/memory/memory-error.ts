import type { BudgetLine } from '@spillway/runtime';
import { bytesOf } from './budget-of.ts';
import type { GivenMemory } from './given-memory.ts';
import { mebibytes, tableOf } from './table-of.ts';

/** What the process may hold is more than the memory that it is given: it does not start. */
export class MemoryError extends Error {
  readonly code = 'MEMORY_TOO_SMALL';

  constructor({ lines, given }: { lines: readonly BudgetLine[]; given: GivenMemory }) {
    const [wanted, got] = [mebibytes(bytesOf(lines)), mebibytes(given.bytes)];
    super(
      [
        `memory is too small: wanted ${wanted}, got ${got} (${given.source}). At least:`,
        ...tableOf(lines),
        'Give the process more memory, or lower a setting that is named above.',
      ].join('\n'),
    );
    this.name = 'MemoryError';
  }
}
