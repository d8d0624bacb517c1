const mebibyte = 1_048_576;

/**
 * Mebibytes of heap of the thread of the embedded database: 20 MiB of its own, and what one batch
 * brings.
 */
export const embeddedHeapMebibytes = 48;
/** Mebibytes of young generation beside that heap, where the garbage collector looks first. */
export const embeddedYoungMebibytes = 6;
/** Its memory beside that heap: measured, with the settings of this package. */
const engineBytes = 66 * mebibyte;
/** Ids of dimensions that were seen lately. */
const cacheBytes = 20 * mebibyte;

/** Lines of the memory budget: PostgreSQL inside this process. */
export function embeddedPostgresBudget() {
  return [
    {
      name: 'write store: PostgreSQL in WebAssembly',
      bytes: engineBytes + (embeddedHeapMebibytes + embeddedYoungMebibytes) * mebibyte,
      where: 'outside' as const,
      protects: 'the process from large transactions',
      answer: 'the database is opened again and the batch is repeated',
    },
    ...cache,
  ];
}

/** Lines of the memory budget: a PostgreSQL server. */
export function postgresBudget() {
  return cache;
}

const cache = [
  {
    name: 'write store: resources and series seen lately',
    bytes: cacheBytes,
    where: 'heap' as const,
    protects: 'the heap from telemetry with many different resources',
    answer: 'the oldest are forgotten and asked for again',
  },
];
