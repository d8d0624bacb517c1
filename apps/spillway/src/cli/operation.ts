import type { Given, ModuleContext, Needs } from '../registry/module.ts';

export interface OperationContext<Item = never> extends Pick<ModuleContext, 'config' | 'registry'> {
  /** Aborted when the process that performs it stops. */
  abort: AbortSignal;
  /** Aborted as well when whoever asked has gone. */
  ending: AbortSignal;
  progress: (line: string) => void;
  /** Hands over a part of the answer, for answers of any length; resolves when it may go on. */
  emit: (items: readonly Item[]) => Promise<void>;
}

/** What a command asks of the process that owns the data folder, or does itself without one. */
export interface Operation<
  Options,
  Result,
  Item = never,
  N extends Needs = Needs,
  U extends Needs = Needs,
> {
  /** Started for it where no process runs that has them. */
  readonly needs: N;
  /** Modules that it works with where a running process has them; undefined elsewhere. */
  readonly uses?: U;
  run(given: Given<N, U>, options: Options, context: OperationContext<Item>): Promise<Result>;
}

/** Infers what an operation needs. */
export function defineOperation<Options, Result, Item = never>() {
  return <N extends Needs, U extends Needs = Record<never, never>>(
    operation: Operation<Options, Result, Item, N, U>,
  ) => operation;
}
