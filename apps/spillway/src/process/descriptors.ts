/**
 * File descriptors: what the process may open, and what is kept for files when clients come in
 * number.
 */
import { readFileSync } from 'node:fs';
import { OperationError } from '../cli/operation-error.ts';

/** File descriptors that a process needs, whatever clients do. */
export interface DescriptorNeeds {
  /** Files of the log, the stores and the spill. */
  files: number;
  /** Connections to brokers and stores elsewhere. */
  serverConnections: number;
}

/** Connections of each door as configured; 0 for one that the process does not have. */
export interface DoorConnections {
  http: number;
  grpc: number;
  console: number;
}

/** How the file descriptors of a process are shared out. */
export interface DescriptorPlan {
  /** Kept apart for files and for commands. */
  files: number;
  /** Connections of each port as configured, or fewer where the limit is too low for them. */
  doors: DoorConnections;
  /** What the configured bounds would need in all. */
  wanted: number;
}

/**
 * Standard streams, event loops, threads and listening sockets (some 45 are seen), and commands.
 */
const baseFiles = 64;
/** With fewer, clients that keep connections open would push each other out. */
const connectionsMin = 8;

/** Counts the descriptors that are kept for files, servers and commands. */
export function filesOf({ files, serverConnections }: DescriptorNeeds): number {
  return baseFiles + files + serverConnections;
}

/**
 * Shares what the limit leaves beside the files among the doors, the console's eighth first.
 * Undefined: no limit is known.
 * @throws OperationError when not even a few connections fit
 */
export function planDescriptors(
  limit: number | undefined,
  needs: DescriptorNeeds,
  doors: DoorConnections,
): DescriptorPlan {
  const files = filesOf(needs);
  const wanted = files + doors.http + doors.grpc + doors.console;
  if (limit === undefined || wanted <= limit) return { files, doors, wanted };
  const open = Object.values(doors).filter((connections) => connections > 0).length;
  const least = files + open * connectionsMin;
  if (limit < least) {
    throw new OperationError(
      `The process may open ${limit} files (RLIMIT_NOFILE) and needs at least ${least}: ${files} for ` +
        `its own and ${connectionsMin} connections for each door. Raise the limit (ulimit -n, ` +
        `LimitNOFILE of the service, nofile of the container); ${wanted} are enough for all bounds.`,
    );
  }
  const left = limit - files;
  const console = Math.min(doors.console, Math.max(connectionsMin, Math.floor(left / 8)));
  const forOtlp = left - console;
  const http = Math.min(doors.http, doors.grpc ? Math.floor(forOtlp / 2) : forOtlp);
  return { files, wanted, doors: { http, grpc: Math.min(doors.grpc, forOtlp - http), console } };
}

/**
 * The soft limit, which Node has raised to the hard one; undefined where the system does not say.
 */
export function descriptorLimit(path = '/proc/self/limits'): number | undefined {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync(path, 'utf8'))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
