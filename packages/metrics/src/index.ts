export * from './default-metrics.ts';
export * from './family.ts';
export * from './metric-source.ts';
export * from './metrics-registry.ts';
export * from './naming.ts';
