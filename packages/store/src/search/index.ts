/** What search stores have in common: pure functions, so that all of them answer alike. */

export * from '../place-in-time.ts';
export * from './cursor.ts';
export * from './distribution.ts';
export * from './empty-bars.ts';
export * from './fair-queue.ts';
export * from './json-text.ts';
export * from './metric-steps.ts';
export * from './page-limit.ts';
export * from './weigh.ts';
