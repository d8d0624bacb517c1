export * from './component.ts';
export * from './config.ts';
export * from './config-error.ts';
export * from './config-schema.ts';
export * from './keys.ts';
export * from './log.ts';
export * from './metrics.ts';
export * from './shutdown.ts';
