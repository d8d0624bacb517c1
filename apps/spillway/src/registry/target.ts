import type { SinkSpec } from '@spillway/ledger';
import type { SpillwayConfig } from '../config.ts';
import type { ConsumerSpec, Module, Ref } from './module.ts';
import type { Placement } from './placement.ts';

/** What one process is made of; everything at once is one more of them. */
export class Target {
  readonly roles: readonly string[];
  /** In the order of starting: each stands behind those that it needs and uses. */
  readonly modules: readonly Module[];
  /** Whether the data folder is this process's own. */
  readonly ownsFolder: boolean;

  constructor(options: {
    roles: readonly string[];
    modules: readonly Module[];
    ownsFolder: boolean;
  }) {
    this.roles = options.roles;
    this.modules = options.modules;
    this.ownsFolder = options.ownsFolder;
  }

  /** Whether the process has the module. */
  has({ name }: Ref<unknown>): boolean {
    return this.modules.some((module) => module.name === name);
  }

  /** Consumers that run here. */
  get consumers(): readonly ConsumerSpec<unknown>[] {
    return this.modules.flatMap(({ consumer }) => consumer ?? []);
  }

  /** Whether a consumer that runs here fills it. */
  fills({ name }: SinkSpec): boolean {
    return this.consumers.some(({ sink }) => sink.name === name);
  }

  /** Whether anything here publishes telemetry to the broker. */
  get publishes(): boolean {
    return this.modules.some((module) => module.publishes);
  }

  /** How many questions it asks of the stores at once, at most. */
  get questions(): number {
    return this.modules.reduce((sum, { questions = 0 }) => sum + questions, 0);
  }

  /** Where the data of its modules is. */
  placements(config: SpillwayConfig): Placement[] {
    return this.modules.flatMap((module) => module.placement?.(config) ?? []);
  }

  /** The name that one of its roles gives the process among others; undefined where none does. */
  nameIn(config: SpillwayConfig): string | undefined {
    for (const { role } of this.modules) {
      const name = role?.processName?.(config);
      if (name !== undefined) return name;
    }
    return undefined;
  }
}
