import { ConfigError, type ConfigProblem } from '@spillway/runtime';
import type { SpillwayConfig } from './config.ts';

/** What a process can be; `spillway up` without a role is all of them at once. */
export const roles = [
  'gateway',
  'writer',
  'search-projector',
  'live-projector',
  'console',
] as const;

/** A role that a process can have. */
export type Role = (typeof roles)[number];

/** The broker and the stores. */
export type Resource = 'broker' | 'writeStore' | 'search' | 'live';

/** The architecture as a map: who works on what, in the order of starting. */
export const resourcesOf: Readonly<Record<Role, readonly Resource[]>> = {
  gateway: ['broker'],
  writer: ['broker', 'writeStore'],
  'search-projector': ['broker', 'search'],
  'live-projector': ['broker', 'live'],
  console: ['broker', 'writeStore', 'search', 'live'],
};

const order: readonly Resource[] = ['broker', 'writeStore', 'search', 'live'];

export function resourcesFor(chosen: readonly Role[]): Resource[] {
  const needed = new Set(chosen.flatMap((role) => resourcesOf[role]));
  return order.filter((resource) => needed.has(resource));
}

export function isAll(chosen: readonly Role[]): boolean {
  return roles.every((role) => chosen.includes(role));
}

/** Whether anything is kept in the data folder. */
export function isEmbedded(config: SpillwayConfig, resource: Resource): boolean {
  return kindOf(config, resource) === 'embedded';
}

/**
 * Embedded parts belong to one process; roles that run apart share servers. Embedded stores fill
 * themselves again from the log, which RabbitMQ does not keep.
 */
export function checkRoles(config: SpillwayConfig, chosen: readonly Role[]): void {
  const reason = !isAll(chosen)
    ? `${chosen.join(' and ')} runs apart from the rest`
    : config.broker.kind === 'rabbitmq'
      ? 'an embedded store is filled again from a log, which RabbitMQ does not keep'
      : undefined;
  if (!reason) return;
  const problems: ConfigProblem[] = resourcesFor(chosen)
    .filter((resource) => isEmbedded(config, resource))
    .map((resource) => ({
      key: kindKeyOf[resource],
      wanted: `${serversOf[resource]}, since ${reason}`,
      got: '"embedded"',
      source: 'the configuration',
    }));
  if (problems.length) throw new ConfigError(problems);
}

function kindOf({ broker, store }: SpillwayConfig, resource: Resource): string {
  if (resource === 'broker') return broker.kind;
  if (resource === 'writeStore') return store.write.kind;
  return store[resource].kind;
}

const kindKeyOf: Readonly<Record<Resource, string>> = {
  broker: 'broker.kind',
  writeStore: 'store.write.kind',
  search: 'store.search.kind',
  live: 'store.live.kind',
};

const serversOf: Readonly<Record<Resource, string>> = {
  broker: 'kafka or rabbitmq',
  writeStore: 'postgres',
  search: 'elasticsearch',
  live: 'redis',
};
