/** Most lines of a file. */
export const fileLinesMax = 250;
/** Most lines of a function. */
export const functionLinesMax = 50;
/** Most TypeScript files that lie side by side in a folder. */
export const filesPerFolderMax = 20;

/** Files that may be longer, and why. */
export const longFiles: Readonly<Record<string, string>> = {};

/** Functions that may be longer, and why: declared tables, and one loop over bytes. */
export const longFunctions: Readonly<Record<string, string>> = {
  'apps/console/src/budget.ts#consoleBudget': 'The table of what the console may take of memory.',
  'apps/console/src/metric-routes.ts#addMetricRoutes': 'The table of the routes of metrics.',
  'apps/spillway/src/metrics/register-metrics.ts#gatewayFamilies': 'The table of families.',
  'packages/otlp/src/decode-span.ts#readSpan': 'The table of the fields of a span.',
  'packages/otlp/src/slot.ts#slotOfUnusualSpan':
    'One loop over bytes, where a call for each field would cost more than the rest.',
  'test/conformance/support/hand-made.ts#metrics': 'The table of hand-made metrics.',
  'test/fuzz/src/mutate/bytes.ts#change': 'The table of changes to bytes.',
  'test/fuzz/src/mutate/protobuf.ts#change': 'The table of changes to protobuf.',
  'test/fuzz/src/seeds.ts#rich': 'The table of seeds.',
};
