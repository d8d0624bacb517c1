import type { Component } from '@spillway/runtime';
import { DeferredStart } from '../process/deferred-start.ts';
import {
  type Addresses,
  type Gather,
  type Given,
  isGather,
  type Module,
  type ModuleContext,
  type Needs,
  type Ref,
} from './module.ts';

/** What the modules of a target made. */
export class Assembly {
  readonly #context: ModuleContext;
  readonly #made = new Map<string, unknown>();

  private constructor(context: ModuleContext) {
    this.#context = context;
  }

  /** Each is made behind those that it needs; nothing is started. */
  static async make(context: ModuleContext): Promise<Assembly> {
    const assembly = new Assembly(context);
    for (const module of context.target.modules) {
      const made = await module.create(context, assembly.#givenTo(module));
      assembly.#made.set(module.name, made);
    }
    return assembly;
  }

  /** Undefined where the target has no such module. */
  get<V>({ name }: Ref<V>): V | undefined {
    return this.#made.get(name) as V | undefined;
  }

  /**
   * What these needs stand for; those of `uses` are undefined where the target does not have them.
   * @throws Error where the target lacks one that is needed
   */
  given<N extends Needs, U extends Needs>(needs: N, uses: U): Given<N, U> {
    const entries = [
      ...Object.entries(needs).map(([key, need]) => [key, this.#needed(need)]),
      ...Object.entries(uses).map(([key, need]) => [key, this.#found(need)]),
    ];
    return Object.fromEntries(entries) as Given<N, U>;
  }

  /** What there is to start, in order. */
  components(): Component[] {
    const { target, report } = this.#context;
    const roles = target.modules.filter(({ role }) => role);
    const canWait = async () => {
      const answers = await Promise.all(roles.map((module) => this.#startsWithout(module)));
      return answers.every(Boolean);
    };
    const isPatient = roles.length > 0 && roles.every((module) => module.startsWithout);
    const isLater = ({ mayStartLater = false }: Module) => isPatient && mayStartLater;
    const later = target.modules.filter(isLater);
    return target.modules.flatMap((module) => {
      if (!isLater(module)) return this.#componentsOf(module);
      if (module !== later[0]) return [];
      const parts = later.flatMap((each) => this.#componentsOf(each));
      return [new DeferredStart({ parts, canWait, report })];
    });
  }

  /** Lists where the doors of all modules listen; '' for those that the process does not have. */
  addresses(): Addresses {
    const { target, config } = this.#context;
    const found: Addresses = { otlpHttp: '', otlpGrpc: '', console: '', admin: '' };
    for (const module of target.modules) {
      Object.assign(found, module.addresses?.(this.#made.get(module.name), config));
    }
    return found;
  }

  #componentsOf(module: Module): readonly Component[] {
    const made = this.#made.get(module.name);
    return module.components?.(made, this.#context, this.#givenTo(module)) ?? [];
  }

  async #startsWithout(module: Module): Promise<boolean> {
    const made = this.#made.get(module.name);
    return (await module.startsWithout?.(made, this.#givenTo(module))) ?? false;
  }

  #givenTo({ needs = {}, uses = {} }: Module): Given<Needs, Needs> {
    return this.given(needs, uses);
  }

  #needed(need: Ref<unknown> | Gather<unknown>): unknown {
    if (!isGather(need) && !this.#made.has(need.name)) {
      throw new Error(`the module ${need.name} is not here`);
    }
    return this.#found(need);
  }

  #found(need: Ref<unknown> | Gather<unknown>): unknown {
    if (!isGather(need)) return this.#made.get(need.name);
    return this.#context.target.modules.flatMap((module) => {
      const take = need.gather(module);
      return take && this.#made.has(module.name) ? [take(this.#made.get(module.name))] : [];
    });
  }
}
