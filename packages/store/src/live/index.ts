/** What live stores have in common: pure functions, so that all of them answer alike. */

export * from '../place-in-time.ts';
export * from './live-answers.ts';
export * from './live-signals.ts';
export * from './roll-up-name.ts';
export * from './sketch.ts';
export * from './tail.ts';
