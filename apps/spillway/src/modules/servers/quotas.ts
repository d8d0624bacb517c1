import type { Quotas } from '@spillway/resilience';
import type { Component } from '@spillway/runtime';
import type { SpillwayConfig } from '../../config.ts';
import { asComponent } from '../../process/components.ts';
import { defineModule, type ModuleContext } from '../../registry/module.ts';

type SharedQuotas = Quotas & Omit<Component, 'name'>;
type Kind = SpillwayConfig['fleet']['kind'];

const kinds: Readonly<Record<Kind, (context: ModuleContext) => Promise<SharedQuotas | undefined>>> =
  {
    none: async () => undefined,
    redis: async ({ config, report }) => {
      const { createQuotaLeases } = await import('@spillway/fleet-redis');
      const { redis, gatewaysAssumed } = config.fleet;
      return createQuotaLeases({ ...redis, gatewaysAssumed, report });
    },
  };

/**
 * Shares what tenants may send among all gateways; undefined where each gateway judges by itself.
 */
export const quotasModule = defineModule({
  name: 'quotas',
  create: (context) => kinds[context.config.fleet.kind](context),
  components: (quotas) => (quotas ? [asComponent('quotas', quotas)] : []),
});
