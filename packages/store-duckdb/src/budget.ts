import { largeTextFactor } from './memory.ts';

const mebibyte = 1_048_576;
/** Code, catalogue and statements of DuckDB; measured. */
const engineBytes = 20 * mebibyte;
/**
 * Share of the memory for the ids of dimensions that were seen lately, beside DuckDB's own memory.
 */
export const dimensionsShare = 3 / 16;
/** Share of the memory for resources and scopes that were answered lately. */
export const originsShare = 1 / 16;

/** Lines of the memory budget: DuckDB inside this process. */
export function duckdbBudget(memoryBytesMax: number) {
  const key = 'store.search.memoryBytesMax';
  return [
    {
      name: 'search store: DuckDB',
      key,
      bytes: engineBytes + memoryBytesMax,
      where: 'outside' as const,
      protects: 'the process from large queries and batches',
      answer: 'a query that needs more is refused; the store works through files',
    },
    {
      name: 'search store: more, once large texts came',
      key,
      bytes: (largeTextFactor - 1) * memoryBytesMax,
      where: 'outside' as const,
      protects: 'the search store from records of large texts',
      answer:
        'a record with more text becomes a dead letter of the search store; a rebuild has it meanwhile',
    },
    {
      name: 'search store: resources and series seen lately',
      key,
      // Those of a file that is filled beside it, too.
      bytes: (dimensionsShare + 2 * originsShare) * memoryBytesMax,
      where: 'heap' as const,
      protects: 'the heap from telemetry with many different resources',
      answer: 'they are forgotten and looked up again',
    },
  ];
}
