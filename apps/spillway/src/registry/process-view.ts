import type { MetricsRegistry } from '@spillway/metrics';
import type { ComponentHealth } from '@spillway/runtime';
import type { DoorConnections } from '../process/descriptors.ts';
import type { ThisProcess } from '../process/this-process.ts';
import type { Given, Needs } from './module.ts';

/** What modules see of the process as a whole. */
export interface ProcessView {
  readonly self: ThisProcess;
  readonly metrics: MetricsRegistry;
  health(): ComponentHealth[];
  /** Connections of each door, within the file descriptors there are; known once it starts. */
  doors(): DoorConnections;
  /** For an operation that is asked for while the process runs. */
  given<N extends Needs, U extends Needs>(needs: N, uses: U): Given<N, U>;
}
