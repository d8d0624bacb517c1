/** Most lines of a file. */
export const fileLinesMax = 250;
/** Most lines of a function. */
export const functionLinesMax = 50;
/** Most TypeScript files that lie side by side in a folder. */
export const filesPerFolderMax = 20;

/** Functions that may be longer, each a declared table, and of what. */
export const longFunctions: Readonly<Record<string, string>> = {
  'apps/console/src/budget.ts#consoleBudget': 'The table of what the console may take of memory.',
  'packages/otlp/src/decode/decode-span.ts#readSpan': 'The table of the fields of a span.',
  'test/conformance/support/hand-made.ts#metrics': 'The table of hand-made metrics.',
};
