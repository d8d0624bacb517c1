export * from './budget.ts';
export * from './config.ts';
export * from './console.ts';
export * from './events.ts';
export type * from './fleet/process-document.ts';
export * from './http/errors.ts';
export type * from './ports.ts';
