export type * from './answers.ts';
export * from './budget.ts';
export * from './config.ts';
export * from './console.ts';
export type * from './fleet/process-document.ts';
export * from './http/errors.ts';
export type * from './ports.ts';
