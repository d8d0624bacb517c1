import { consoleBudget, consoleLeast, consoleLimits, questionsAtOnce } from '@spillway/console';
import { consumerBudget } from '@spillway/consumer';
import { gatewayBudget, gatewayLeast, gatewayLimits } from '@spillway/gateway';
import type { BudgetLine, Least, Limit } from '@spillway/runtime';
import { adapterBudget, adapterLeast, adapterLimits } from '../adapter-budget.ts';
import type { SpillwayConfig } from '../config.ts';
import { isAll, isEmbedded, type Role, resourcesFor } from '../roles.ts';
import { programBudget, type Runtime } from './program-budget.ts';

const mebibyte = 1_048_576;

export const least: Least = {
  ...gatewayLeast,
  ...consoleLeast,
  ...adapterLeast,
  'writer.batchBytesMax': mebibyte / 4,
  'projector.batchBytesMax': mebibyte / 4,
  'writer.decodedBytesMax': (3 / 4) * mebibyte,
  'projector.decodedBytesMax': (3 / 4) * mebibyte,
};

export const limits: readonly Limit[] = [...gatewayLimits, ...consoleLimits, ...adapterLimits];

/** Every line of a process of these roles, the program itself first. */
export function budgetOf(
  config: SpillwayConfig,
  roles: readonly Role[],
  runtime: Runtime,
): BudgetLine[] {
  const resources = resourcesFor(roles);
  const has = (role: Role) => roles.includes(role);
  const hasDatabase = resources.includes('writeStore') && isEmbedded(config, 'writeStore');
  // Where the process owns the data folder, the spill lies in it.
  const hasSpill = config.gateway.spill.dir !== '' || isAll(roles);
  const consumers = groups.filter(({ role }) => has(role));
  return [
    ...programBudget({ ...runtime, hasDatabase }),
    ...adapterBudget(config, resources, {
      groups: consumers.length,
      publishes: has('gateway'),
      fillsSearch: has('search-projector'),
      fillsLive: has('live-projector'),
      questions: has('console') ? questionsAtOnce : 0,
    }),
    ...(has('gateway') ? gatewayBudget(config.gateway, { hasSpill }) : []),
    ...consumers.flatMap(({ store, section }) =>
      consumerBudget(config[section], { store, section }),
    ),
    ...(has('console') ? consoleBudget(config.console) : []),
  ];
}

export function bytesOf(lines: readonly BudgetLine[], where?: BudgetLine['where']): number {
  const counted = lines.filter((line) => where === undefined || line.where === where);
  return counted.reduce((sum, { bytes }) => sum + bytes, 0);
}

const groups = [
  { role: 'writer', store: 'the write store', section: 'writer' },
  { role: 'search-projector', store: 'the search store', section: 'projector' },
  { role: 'live-projector', store: 'the live store', section: 'projector' },
] as const satisfies { role: Role; store: string; section: keyof SpillwayConfig }[];
