import { hostname } from 'node:os';
import { type Dependencies, LocalDependencies } from '@spillway/resilience';
import type { Health } from '@spillway/runtime';
import type { SpillwayConfig } from '../config.ts';
import type { Target } from '../registry/target.ts';

/** The other processes, as far as this one knows them. */
export interface Fleet extends Dependencies {
  /** Whether processes share what they find, and whether it arrives. */
  view(): 'alone' | 'shared' | 'lost';
  /**
   * Lists all processes with this one; undefined while Redis, through which they share, is away.
   */
  processes(): Promise<FleetProcess[] | undefined>;
  start(): Promise<void>;
  stop(): Promise<void>;
  health(): Health;
}

export interface FleetProcess {
  name: string;
  /** Milliseconds since 1970. */
  startedMs: number;
  /** The description of the process: a `ProcessDocument` of its version. */
  document: unknown;
}

/** The fleet of a process that shares nothing with others. */
export class NoFleet extends LocalDependencies implements Fleet {
  readonly #self: FleetMember;
  readonly #startedMs = Date.now();

  constructor(self: FleetMember) {
    super({ name: self.name });
    this.#self = self;
  }

  view(): 'alone' {
    return 'alone';
  }

  async processes(): Promise<FleetProcess[]> {
    const { name } = this.#self;
    return [{ name, startedMs: this.#startedMs, document: this.#self.describe() }];
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  health(): Health {
    return { ok: true, detail: 'no other process is consulted' };
  }
}

/** What a process shows to the others. */
export interface FleetMember {
  name: string;
  describe(): unknown;
}

/**
 * Names a process, uniquely in the fleet: as its roles configure it, else by roles, host and pid.
 */
export function processName(config: SpillwayConfig, target: Target): string {
  return target.nameIn(config) ?? `${target.roles.join('+')}-${placeName()}`;
}

/**
 * Reads the state of the fleet for the console; while the others cannot be asked, of this process
 * alone.
 */
export async function readFleet(fleet: Fleet, self: FleetMember, reportersMin: number) {
  const alone = { name: self.name, startedMs: Date.now(), document: self.describe() };
  return {
    view: fleet.view(),
    reportersMin,
    dependencies: fleet.states(),
    processes: (await fleet.processes()) ?? [alone],
  };
}

/** Joins the host name and the pid, by which processes of one kind differ. */
export function placeName(): string {
  return `${hostname()}-${process.pid}`;
}
