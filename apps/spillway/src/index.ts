export { adapters } from './adapters.ts';
export { runCommandLine } from './cli/command-line.ts';
export { type SpillwayConfig, spillwaySchema } from './config.ts';
export { planMemory } from './memory/plan-memory.ts';
export { declaredMetrics } from './metrics/declared-metrics.ts';
export type { Adapters, Parts } from './parts.ts';
export { type Role, roles } from './roles.ts';
export { Spillway, type SpillwayOptions } from './spillway.ts';
export { groupTopics } from './topics.ts';
