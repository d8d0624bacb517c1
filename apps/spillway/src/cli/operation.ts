import type { Given, ModuleContext, Needs } from '../registry/module.ts';

/** What an operation is performed with, beside the parts that it needs. */
interface OperationContext extends Pick<ModuleContext, 'config' | 'registry'> {
  /** Aborted when the process that performs it stops. */
  abort: AbortSignal;
  progress: (line: string) => void;
}

/** What a command asks of the process that owns the data folder, or does itself without one. */
export interface Operation<Options, Result, N extends Needs = Needs, U extends Needs = Needs> {
  /** Modules that it works with; started for it where no process runs that has them. */
  readonly needs: N;
  /** Modules that it works with where a running process has them; undefined elsewhere. */
  readonly uses?: U;
  run(given: Given<N, U>, options: Options, context: OperationContext): Promise<Result>;
}

/** Infers what an operation needs. */
export function defineOperation<Options, Result>() {
  return <N extends Needs, U extends Needs = Record<never, never>>(
    operation: Operation<Options, Result, N, U>,
  ) => operation;
}
