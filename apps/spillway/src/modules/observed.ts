/** What metrics and other processes can see of a process: the parts that it has. */
import type { Measured } from '../metrics/metric-sources.ts';
import type { Observed } from '../process/this-process.ts';
import type { Assembly } from '../registry/assembly.ts';
import { safetyModule } from './process/safety.ts';
import { consumers } from './roles/consumer.ts';
import { gatewayModule } from './roles/gateway.ts';
import { liveProjectorModule } from './roles/live-projector.ts';
import { searchProjectorModule } from './roles/search-projector.ts';
import { lagBoardModule } from './servers/broker-views.ts';
import { fleetModule } from './servers/fleet.ts';
import { liveStoreModule } from './servers/live-store.ts';
import { quotasModule } from './servers/quotas.ts';
import { searchStoreModule } from './servers/search-store.ts';

/**
 * Finds what the metrics of a process read among the modules that it has; call it after the start.
 */
export function measured(assembly: Assembly): Omit<Measured, 'internalErrors' | 'health'> {
  const needs = { lagBoard: lagBoardModule, dependencies: fleetModule, safety: safetyModule };
  const { safety, ...given } = assembly.given(needs, { consumers });
  // Where several processes share a store, those that fill it report how full it is.
  const search = assembly.get(searchProjectorModule) && assembly.get(searchStoreModule);
  return {
    ...given,
    gateway: assembly.get(gatewayModule)?.gateway,
    quotas: assembly.get(quotasModule),
    search: search && (() => search.current),
    live: assembly.get(liveProjectorModule) && assembly.get(liveStoreModule),
    unsafe: () => safety.allowed,
  };
}

/** Finds what the other processes see of this one among the modules that it has. */
export function observed(assembly: Assembly): Omit<Observed, 'health'> {
  const needs = { fleet: fleetModule, safety: safetyModule };
  const { fleet, safety } = assembly.given(needs, {});
  return {
    dependencies: () => fleet.states(),
    gateway: () => assembly.get(gatewayModule)?.gateway,
    unsafe: () => safety.allowed,
  };
}
