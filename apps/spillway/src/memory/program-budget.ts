import type { BudgetLine } from '@spillway/runtime';

const mebibyte = 1_048_576;
/**
 * Node and our code as they lie in memory, without the heap; measured, files of the code counted.
 */
const programBytes = 64 * mebibyte;
/** Objects of a process that has nothing to do. */
const idleHeapBytes = 44 * mebibyte;
/** Buffers that nothing refers to any more, until the collector sees them. */
const uncollectedBytes = 16 * mebibyte;
/** `spillway audit`, or the health check of a container. */
const besideBytes = 16 * mebibyte;
/** One function of PostgreSQL has 107 KB of WebAssembly; optimising it takes this for a second. */
const optimisingBytes = 640 * mebibyte;

const fixed = { where: 'outside', protects: 'everything', answer: 'fixed' } as const;

export interface Runtime {
  /** Mebibytes of one half of a young generation, as in `--max-semi-space-size`. */
  semiSpaceMebibytes: number;
  /** Whether V8 may optimise the WebAssembly of the embedded database: a third less CPU for it. */
  optimises: boolean;
}

/** Lists what the program itself takes of memory, whatever it is asked to do. */
export function programBudget({ semiSpaceMebibytes }: Runtime): BudgetLine[] {
  return [
    { ...fixed, name: 'program: Node and the code', bytes: programBytes },
    { ...fixed, name: 'program: objects at rest', bytes: idleHeapBytes, where: 'heap' },
    { ...fixed, name: 'program: young objects', bytes: 3 * semiSpaceMebibytes * mebibyte },
    { ...fixed, name: 'program: buffers that wait for the collector', bytes: uncollectedBytes },
    { ...fixed, name: 'programs beside it: a command, a health check', bytes: besideBytes },
  ];
}

/** Lists what the embedded database takes in addition where its code may be optimised. */
export function optimisingBudget({ optimises }: Runtime): BudgetLine[] {
  const name = 'write store: optimising its code, once';
  return optimises ? [{ ...fixed, name, bytes: optimisingBytes }] : [];
}
