/** Most lines of a file. */
export const fileLinesMax = 250;
/** Most lines of a function. */
export const functionLinesMax = 50;
/** Most TypeScript files that lie side by side in a folder. */
export const filesPerFolderMax = 20;

/** Files that may be longer, and why. */
export const longFiles: Readonly<Record<string, string>> = {};

/** Functions that may be longer, and why: declared tables, and nothing else. */
export const longFunctions: Readonly<Record<string, string>> = {};
