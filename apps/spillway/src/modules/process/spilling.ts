import type { Broker } from '@spillway/broker';
import type { Health } from '@spillway/runtime';
import type { SpillFolder } from '../../folder/spill-folder.ts';

/**
 * Is healthy also while the broker is away, as long as the gateway can spill: clients are served.
 */
export function healthUnlessSpilling(
  health: Health,
  { broker, spill }: { broker: Pick<Broker, 'health'>; spill: SpillFolder | undefined },
): Health {
  if (health.ok || broker.health().ok || !spill?.stepsIn()) return health;
  return { ok: true, detail: `away: ${health.detail}` };
}
