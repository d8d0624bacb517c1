import type { SpillwayConfig } from '../config.ts';
import { isEmbedded, type Resource, type Role, resourcesFor } from '../roles.ts';
import { topicSpecs } from '../topics.ts';
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
  roles: readonly Role[];
  report: (event: DescriptorsFew) => void;
}

/** Connections to brokers and stores elsewhere, as their pools allow. */
const serverConnections = 64;

/**
 * How many connections each door may have under a limit of file descriptors.
 * @throws OperationError when no client could be served
 */
export function doorsWithin(limit: number | undefined, process: Process): DoorConnections {
  const { config, roles, report } = process;
  const resources = resourcesFor(roles);
  const has = (resource: Resource) => resources.includes(resource) && isEmbedded(config, resource);
  const partitions = topicSpecs(config.broker.partitions).map((topic) => topic.partitions);
  const otlp = roles.includes('gateway') ? config.gateway.connectionsMax : 0;
  const needs = {
    logPartitions: has('broker') ? partitions.reduce((sum, each) => sum + each, 0) : 0,
    embeddedWriteStore: has('writeStore'),
    embeddedSearchStore: has('search'),
    spills: roles.includes('gateway'),
    serverConnections: resources.every(has) ? 0 : serverConnections,
  };
  const configured = { http: otlp, grpc: otlp, console: config.console.connectionsMax };
  const { doors, files, wanted } = planDescriptors(limit, needs, configured);
  if (doors !== configured) {
    const message =
      `RLIMIT_NOFILE: wanted ${wanted}, got ${limit}: ${files} descriptors are kept for files, ` +
      'and the doors take as many connections as the rest allows';
    report({ type: 'descriptors-few', message, files, ...doors });
  }
  return doors;
}
