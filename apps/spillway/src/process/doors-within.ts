import type { SpillwayConfig } from '../config.ts';
import type { Registry } from '../registry/registry.ts';
import type { Target } from '../registry/target.ts';
import { type DoorConnections, planDescriptors } from './descriptors.ts';

export type { DoorConnections } from './descriptors.ts';

/** The process may open too few files for its bounds: its doors take fewer connections. */
export interface DescriptorsFew {
  type: 'descriptors-few';
  message: string;
  /** Kept apart for files. */
  files: number;
  http: number;
  grpc: number;
  console: number;
}

interface Process {
  config: SpillwayConfig;
  registry: Registry;
  target: Target;
  report: (event: DescriptorsFew) => void;
}

/** Connections to brokers and stores elsewhere, as their pools allow. */
const serverConnections = 64;

/**
 * How many connections each door may have under a limit of file descriptors.
 * @throws OperationError when no client could be served
 */
export function doorsWithin(limit: number | undefined, process: Process): DoorConnections {
  const { config, registry, target, report } = process;
  const isAlone = target.placements(config).every(({ isEmbedded }) => isEmbedded);
  const files = target.modules.map((module) => module.files?.(config, registry) ?? 0);
  const needs = {
    files: files.reduce((sum, each) => sum + each, 0),
    serverConnections: isAlone ? 0 : serverConnections,
  };
  const configured = { http: 0, grpc: 0, console: 0 };
  for (const module of target.modules) Object.assign(configured, module.doors?.(config));
  const { doors, ...planned } = planDescriptors(limit, needs, configured);
  if (doors !== configured) {
    const message =
      `RLIMIT_NOFILE: wanted ${planned.wanted}, got ${limit}: ${planned.files} descriptors are ` +
      'kept for files, and the doors take as many connections as the rest allows';
    report({ type: 'descriptors-few', message, files: planned.files, ...doors });
  }
  return doors;
}
