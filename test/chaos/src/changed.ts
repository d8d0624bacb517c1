import type { Given, Module, ModuleContext, Needs } from 'spillway';

/** A module that makes something else; what there is to start is of that. */
export function changed<V, N extends Needs, U extends Needs>(
  module: Module<V, N, U>,
  change: (made: V, context: ModuleContext, given: Given<N, U>) => V | Promise<V>,
): Module<V, N, U> {
  return {
    ...module,
    create: async (context, given) => change(await module.create(context, given), context, given),
  };
}
