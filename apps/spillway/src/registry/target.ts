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

  has({ name }: Ref<unknown>): boolean {
    return this.modules.some((module) => module.name === name);
  }

  /** Consumers that run here. */
  get consumers(): readonly ConsumerSpec<unknown>[] {
    return this.modules.flatMap(({ consumer }) => consumer ?? []);
  }

  fills({ name }: SinkSpec): boolean {
    return this.consumers.some(({ sink }) => sink.name === name);
  }

  get publishes(): boolean {
    return this.modules.some((module) => module.publishes);
  }

  /** At once, of the stores. */
  get questions(): number {
    return this.modules.reduce((sum, { questions = 0 }) => sum + questions, 0);
  }

  placements(config: SpillwayConfig): Placement[] {
    return this.modules.flatMap((module) => module.placement?.(config) ?? []);
  }

  /** Among other processes, before it is told apart from those of the same name. */
  nameIn(config: SpillwayConfig): string | undefined {
    for (const { role } of this.modules) {
      const name = role?.processName?.(config);
      if (name !== undefined) return name;
    }
    return undefined;
  }
}
