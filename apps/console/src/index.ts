export type * from './answers.ts';
export * from './budget.ts';
export * from './config.ts';
export * from './console.ts';
export * from './errors.ts';
export * from './events.ts';
export type * from './ports.ts';
export type * from './process-document.ts';
