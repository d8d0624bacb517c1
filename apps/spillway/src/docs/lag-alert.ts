import type { Registry } from '../registry/registry.ts';

/** The expression of the alert for a group whose lag nobody tells: a group that is not told is absent. */
export function lagUnknownExpression({ sinks }: Registry): string {
  return sinks.map(({ group }) => `absent(spillway_lag_messages{group="${group}"})`).join(' or ');
}
