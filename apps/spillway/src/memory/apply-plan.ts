import module from 'node:module';
import v8 from 'node:v8';
import { bytesOf } from './budget-of.ts';
import type { NodeFlags } from './node-flags.ts';
import type { MemoryPlan } from './plan-memory.ts';

const mebibyte = 1_048_576;

/**
 * Makes V8 keep to the plan. The size of the heap is settled when Node starts: where it is not what
 * the plan wants, the process starts again in its own place, with the same id, before it has touched
 * anything; then this does not return.
 */
export function applyPlan({ heapBytes, runtime, lines }: MemoryPlan, flags: NodeFlags): void {
  if (!runtime.optimises) forgoOptimising();
  if (flags.heapBytes !== undefined || !process.execve) return;
  const limitBytes = v8.getHeapStatistics().heap_size_limit;
  const youngBytes = 3 * runtime.semiSpaceMebibytes * mebibyte;
  const fits = limitBytes >= bytesOf(lines, 'heap') && limitBytes <= heapBytes + youngBytes;
  if (fits) return;
  module.flushCompileCache();
  const chosen = [
    `--max-old-space-size=${Math.floor(heapBytes / mebibyte)}`,
    `--max-semi-space-size=${runtime.semiSpaceMebibytes}`,
  ];
  const words = [process.execPath, ...process.execArgv, ...chosen, ...process.argv.slice(1)];
  process.execve(process.execPath, words, process.env);
}

/**
 * WebAssembly stays as its first compiler leaves it. One flag stands for all three, but not after
 * the start of V8.
 */
function forgoOptimising(): void {
  for (const flag of ['--liftoff-only', '--no-wasm-tier-up', '--no-wasm-dynamic-tiering']) {
    v8.setFlagsFromString(flag);
  }
}
