import type { Registry } from '../registry/registry.ts';

/**
 * Renders the expression of the alert `SpillwayLagUnknown`: it fires for a group whose lag could
 * not be read, and for one whose lag no process exposes.
 */
export function lagUnknownExpression(registry: Registry): string {
  const absent = registry
    .groups()
    .map(({ group }) => `absent(spillway_lag_messages{group="${group}"})`);
  return ['min by (group) (spillway_lag_unknown) == 1', ...absent].join(' or ');
}
