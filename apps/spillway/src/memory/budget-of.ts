import type { BudgetLine } from '@spillway/runtime';
import type { SpillwayConfig } from '../config.ts';
import type { Target } from '../registry/target.ts';
import { programBudget, type Runtime } from './program-budget.ts';

/** Lists every line of the memory budget of a process, the program itself first. */
export function budgetOf(config: SpillwayConfig, target: Target, runtime: Runtime): BudgetLine[] {
  const lines = target.modules.flatMap((module) => module.budget?.(config, target, runtime) ?? []);
  return [...programBudget(runtime), ...lines];
}

export function bytesOf(lines: readonly BudgetLine[], where?: BudgetLine['where']): number {
  const counted = lines.filter((line) => where === undefined || line.where === where);
  return counted.reduce((sum, { bytes }) => sum + bytes, 0);
}
