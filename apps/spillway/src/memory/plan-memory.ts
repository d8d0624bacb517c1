import type { BudgetLine, LoadedConfig } from '@spillway/runtime';
import type { SpillwayConfig } from '../config.ts';
import type { Registry } from '../registry/registry.ts';
import { budgetOf, bytesOf } from './budget-of.ts';
import type { GivenMemory } from './given-memory.ts';
import { MemoryError } from './memory-error.ts';
import type { NodeFlags } from './node-flags.ts';
import type { Runtime } from './program-budget.ts';
import { shrink } from './shrink.ts';

const mebibyte = 1_048_576;
/** V8 would take no more by itself on a large machine. */
const heapBytesMax = 4_096 * mebibyte;
/** Halvings in the search of the share: finer than any unit. */
const steps = 30;

export interface MemoryPlan {
  /** With what was left at its default made to fit. */
  config: SpillwayConfig;
  given: GivenMemory;
  lines: readonly BudgetLine[];
  /** For the heap of the main thread: its lines, and what nothing else may have. */
  heapBytes: number;
  runtime: Runtime;
  /** Keys whose default was made smaller. */
  shrunk: readonly string[];
}

export interface PlanOptions {
  loaded: LoadedConfig<SpillwayConfig>;
  registry: Registry;
  /** Names of the roles of the process. */
  roles: readonly string[];
  given: GivenMemory;
  /** What Node was started with. */
  flags: NodeFlags;
}

type Attempt = Pick<MemoryPlan, 'config' | 'lines' | 'runtime'> & { fits: boolean };

/**
 * Fits a process into its memory: everything at its default if there is room, else without the
 * optimiser for the embedded database and with smaller young generations, else with defaults that
 * shrink, all by the same share.
 * Throws `MemoryError` when what is set, and the least of the rest, is more than there is.
 */
export function planMemory(options: PlanOptions): MemoryPlan {
  const { given, flags, loaded, registry } = options;
  const { least } = registry;
  const { fits, ...best } = roomiest(options);
  if (!fits) throw new MemoryError({ ...best, given });
  const spareBytes = given.bytes - bytesOf(best.lines);
  const ownBytes = Math.min(bytesOf(best.lines, 'heap') + spareBytes, heapBytesMax);
  return {
    ...best,
    given,
    heapBytes: flags.heapBytes ?? ownBytes,
    shrunk: loaded.leaves
      .filter(({ key }) => least[key] !== undefined)
      .filter(({ path }) => valueAt(best.config, path) !== valueAt(loaded.config, path))
      .map(({ key }) => key),
  };
}

function roomiest(options: PlanOptions): Attempt {
  const semiSpaces = semiSpacesFor(options);
  for (const optimises of [true, false]) {
    for (const semiSpaceMebibytes of semiSpaces) {
      const whole = attempt(options, { share: 1, runtime: { optimises, semiSpaceMebibytes } });
      if (whole.fits) return whole;
    }
  }
  const runtime = { optimises: false, semiSpaceMebibytes: semiSpaces.at(-1) as number };
  let best = attempt(options, { share: 0, runtime });
  if (!best.fits) return best;
  let [low, high] = [0, 1];
  for (let step = 0; step < steps; step++) {
    const share = (low + high) / 2;
    const next = attempt(options, { share, runtime });
    if (next.fits) [best, low] = [next, share];
    else high = share;
  }
  return best;
}

function attempt(
  { loaded, registry, roles, given, flags }: PlanOptions,
  { share, runtime }: { share: number; runtime: Runtime },
): Attempt {
  const config = shrink(loaded, { share, least: registry.least });
  const lines = budgetOf(config, registry.target(roles), runtime);
  const needed = bytesOf(lines, 'heap');
  const heapBytes = flags.heapBytes ?? needed;
  const fits = needed <= heapBytes && bytesOf(lines, 'outside') + heapBytes <= given.bytes;
  return { config, lines, runtime, fits };
}

/** What V8 would choose for a machine of this size, and less of it; small ones cost CPU. */
function semiSpacesFor({ given, flags }: PlanOptions): number[] {
  if (flags.semiSpaceMebibytes !== undefined) return [flags.semiSpaceMebibytes];
  const own = given.bytes >= 4_096 * mebibyte ? 64 : given.bytes >= 2_048 * mebibyte ? 32 : 16;
  return [own, 16, 4, 1].filter((mebibytes) => mebibytes <= own);
}

function valueAt(config: SpillwayConfig, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], config);
}
