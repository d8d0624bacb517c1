/**
 * What the program is made of. A module says what it is called, what it needs and how it is made;
 * which of them a process has, and in which order they start, follows from that.
 */
import type { GroupTopics, SafetyFinding } from '@spillway/broker';
import type { LedgerSide, SinkSpec } from '@spillway/ledger';
import type { BudgetLine, Component, Least, Limit } from '@spillway/runtime';
import type { Sink } from '@spillway/store';
import type { SpillwayConfig } from '../config.ts';
import type { Runtime } from '../memory/program-budget.ts';
import type { DoorConnections } from '../process/descriptors.ts';
import type { Report } from '../process/event-log.ts';
import type { Restartable } from '../process/restartable.ts';
import type { Placement } from './placement.ts';
import type { ProcessView } from './process-view.ts';
import type { Registry } from './registry.ts';
import type { Target } from './target.ts';

/** A module by its name. `Value` is the type of what it makes. */
export interface Ref<Value> {
  readonly name: string;
  /** Never there: it only carries the type. */
  readonly made?: Value;
}

/** All modules that have something in common, an account for instance, and not one by its name. */
export interface Gather<Value> {
  /** Answers how to take it from what a module made; undefined for a module that has none. */
  readonly gather: (module: Module) => ((made: unknown) => Value) | undefined;
}

type None = Record<never, never>;

/**
 * What a module needs or uses: modules, or everything of one sort, by the names under which it is
 * given.
 */
export type Needs = Readonly<Record<string, Ref<unknown> | Gather<unknown>>>;

type ValueOf<N> = N extends Gather<infer V> ? readonly V[] : N extends Ref<infer V> ? V : never;

/** What a module is given: what it needs, and what it uses where the process has it. */
export type Given<N extends Needs, U extends Needs> = {
  readonly [K in keyof N]: ValueOf<N[K]>;
} & {
  readonly [K in keyof U]: U[K] extends Gather<unknown> ? ValueOf<U[K]> : ValueOf<U[K]> | undefined;
};

/** What every module is made with. */
export interface ModuleContext {
  readonly config: SpillwayConfig;
  readonly report: Report;
  readonly registry: Registry;
  /** What this process is. */
  readonly target: Target;
  /** Throws where the module is made for a command, which is no process. */
  readonly process: ProcessView;
}

/** A role that `spillway up` can run. */
interface RoleSpec {
  readonly name: string;
  /** A process that has every role that works on the data folder is the folder's owner. */
  readonly worksOnDataFolder: boolean;
  /** Name of its process among others; by default that of its roles, its host and its pid. */
  readonly processName?: (config: SpillwayConfig) => string;
}

/**
 * A store in the data folder, which is set aside when it is damaged and filled again from the log.
 */
export interface FolderStore<Value> {
  /** Its name in the data folder. */
  readonly folder: string;
  readonly title: string;
  /** Whose positions say how far it is filled. */
  readonly groups: readonly string[];
  readonly retentionHours: (config: SpillwayConfig) => number;
  of(made: Value): Pick<Sink, 'capabilities'>;
}

/** A consumer, and what the rest of the program has to know of it. */
export interface ConsumerSpec<Value> {
  /** The groups in which it reads. */
  readonly groups: readonly GroupTopics[];
  /** The store that it fills. */
  readonly sink: SinkSpec;
  of(made: Value): Restartable;
}

/** Where the doors listen; '' for one that this process does not have. */
export interface Addresses {
  otlpHttp: string;
  otlpGrpc: string;
  console: string;
  admin: string;
}

/** One part of the program. `N` and `U` are the types of `needs` and `uses`. */
export interface Module<Value = unknown, N extends Needs = Needs, U extends Needs = Needs>
  extends Ref<Value> {
  readonly role?: RoleSpec;
  /** Made and started before it, in every process that has it. */
  readonly needs?: N;
  /** Started before it where the process has them. */
  readonly uses?: U;
  /** Whether it joins a process although nothing there needs it. */
  joins?(target: Pick<Target, 'ownsFolder' | 'has'>): boolean;

  /** Made, not started: does no I/O. */
  create(context: ModuleContext, given: Given<N, U>): Value | Promise<Value>;
  /** What there is to start, in order; stopped the other way round. */
  components?(made: Value, context: ModuleContext, given: Given<N, U>): readonly Component[];
  /**
   * It comes up by itself in the background where the process can do without it for now: where
   * every role of the process `startsWithout`.
   */
  readonly mayStartLater?: boolean;
  /** Whether a role can work without what may start later, for now. */
  startsWithout?(made: Value, given: Given<N, U>): Promise<boolean>;

  /** The consumer that it makes. */
  readonly consumer?: ConsumerSpec<Value>;
  /** The store's side of the ledger. */
  readonly account?: { readonly sink: SinkSpec; of(made: Value): LedgerSide };
  /** Whether it publishes telemetry to the broker. */
  readonly publishes?: boolean;
  /** How many questions it asks of the stores at once, at most. */
  readonly questions?: number;

  /** Throws `ConfigError` for what is wrong in it, before anything is started. */
  check?(config: SpillwayConfig): void;
  /** What is unsafe about it, once it is started. */
  inspect?(made: Value, context: ModuleContext): Promise<SafetyFinding[]>;
  /** Where its data is: in the data folder, or on servers. */
  placement?(config: SpillwayConfig): Placement;
  /** The store that it keeps in the data folder, where it is embedded. */
  readonly folderStore?: FolderStore<Value>;
  /** File descriptors that it keeps, beside those of connections. */
  files?(config: SpillwayConfig, registry: Registry): number;
  /** Connections of its doors, as configured. */
  doors?(config: SpillwayConfig): Partial<DoorConnections>;
  /** Where it listens; '' before its start. */
  addresses?(made: Value, config: SpillwayConfig): Partial<Addresses>;
  /** What it may hold of the memory of the process. */
  budget?(config: SpillwayConfig, target: Target, runtime: Runtime): BudgetLine[];
  /** To what its defaults shrink in the least memory. */
  readonly least?: Least;
  /** Its limits in time, number and size. */
  readonly limits?: readonly Limit[];
}

/** Infers what a module needs and makes. */
export function defineModule<Value, N extends Needs = None, U extends Needs = None>(
  module: Module<Value, N, U>,
): Module<Value, N, U> {
  return module;
}

/** Whether a need is for everything of one sort, and not for a module by its name. */
export function isGather(need: Ref<unknown> | Gather<unknown>): need is Gather<unknown> {
  return 'gather' in need;
}
