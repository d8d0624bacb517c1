import { redisSection } from '@spillway/redis/config';
import { z } from 'zod';
import type { SpillwayConfig } from '../../config.ts';
import { asComponent } from '../../process/components.ts';
import { type Fleet, NoFleet } from '../../process/fleet.ts';
import { defineModule, type ModuleContext } from '../../registry/module.ts';

const whole = () => z.number().int();

/** The `fleet` section of the configuration: how processes share what they find out. */
export const fleetSection = z
  .object({
    kind: z
      .enum(['none', 'redis'])
      .default('none')
      .describe(
        'Where processes share quotas and which servers are down; none: each process decides for itself.',
      ),
    redis: redisSection,
    windowMs: whole()
      .min(3_000)
      .max(300_000)
      .default(10_000)
      .describe(
        'Milliseconds for which a report counts after it was last sent; processes send it each second.',
      ),
    reportersMin: whole()
      .min(1)
      .max(1_000)
      .default(2)
      .describe(
        'Processes that must report a server as down before the whole fleet treats it as down.',
      ),
    gatewaysAssumed: whole()
      .min(1)
      .max(10_000)
      .default(1)
      .describe(
        'Gateways among which quotas are shared out while Redis has never answered; later as many as were last known.',
      ),
  })
  .prefault({});

type Kind = SpillwayConfig['fleet']['kind'];

const kinds: Readonly<Record<Kind, (context: ModuleContext) => Promise<Fleet>>> = {
  none: async ({ process }) => new NoFleet(process.self),
  redis: async ({ config, report, process: { self } }) => {
    const { createFailureReports } = await import('@spillway/fleet-redis');
    const { redis, windowMs, reportersMin } = config.fleet;
    const describe = () => self.describe();
    const { name } = self;
    return createFailureReports({ ...redis, name, windowMs, reportersMin, describe, report });
  },
};

/** Which servers this process and the others hold for down; every process reports its own view. */
export const fleetModule = defineModule({
  name: 'fleet',
  joins: () => true,
  create: (context) => kinds[context.config.fleet.kind](context),
  components: (fleet) => [asComponent('fleet', fleet)],
});
