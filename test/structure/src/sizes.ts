/** Most lines of a file. */
export const fileLinesMax = 250;
/** Most lines of a function. */
export const functionLinesMax = 50;
/** Most TypeScript files that lie side by side in a folder. */
export const filesPerFolderMax = 20;

type Exceptions = Readonly<Record<string, string>>;

/** Files that may be longer, and why: declared tables, and what is divided with the port it is of. */
export const longFiles: Exceptions = {
  'apps/console/test/api.test.ts': 'Divided with the routes of the query API.',
  'apps/spillway/src/spillway.ts': 'Replaced by the modules.',
  'packages/store-memory/src/memory-live-store.ts': 'Divided with its metrics.',
  'packages/store/src/contract-live.ts': 'Divided with the port of live stores.',
  'packages/store/src/contract-search-ledger.ts': 'Divided with the port of search stores.',
  'packages/store/src/contract-search-metrics.ts': 'Divided with the port of search stores.',
  'packages/store/src/contract-write.ts': 'Divided with the port of write stores.',
  'packages/store/src/search-store.ts': 'Divided into a writer and a reader.',
  'packages/store/src/test-records.ts': 'The table of test records.',
};

/** Folders that may be fuller, and why. */
export const fullFolders: Exceptions = {
  'apps/console/src': 'Divided with the routes of the query API.',
  'packages/resilience/src': 'Divided with the waits.',
  'packages/store/src': 'Divided with the ports of the stores.',
};

/** Functions that may be longer, and why: declared tables, and one loop over bytes. */
export const longFunctions: Exceptions = {
  'apps/console/src/budget.ts#consoleBudget': 'The table of what the console may take of memory.',
  'apps/console/src/metric-routes.ts#addMetricRoutes': 'The table of the routes of metrics.',
  'apps/spillway/src/metrics/register-metrics.ts#gatewayFamilies': 'The table of families.',
  'packages/otlp/src/decode/decode-span.ts#readSpan': 'The table of the fields of a span.',
  'packages/otlp/src/slice/slot.ts#slotOfUnusualSpan':
    'One loop over bytes, where a call for each field would cost more than the rest.',
  'test/conformance/support/hand-made.ts#metrics': 'The table of hand-made metrics.',
  'test/fuzz/src/mutate/bytes.ts#change': 'The table of changes to bytes.',
  'test/fuzz/src/mutate/protobuf.ts#change': 'The table of changes to protobuf.',
  'test/fuzz/src/seeds/seeds.ts#rich': 'The table of seeds.',
};
