import type { Broker } from '@spillway/broker';
import { liveSink } from '@spillway/projector';
import { redisSection } from '@spillway/redis/config';
import type { BudgetLine } from '@spillway/runtime';
import type { LiveStore } from '@spillway/store';
import { memoryLiveBudget } from '@spillway/store-memory/budget';
import { redisLiveBudget } from '@spillway/store-redis/budget';
import { z } from 'zod';
import type { SpillwayConfig } from '../../config.ts';
import { asComponent } from '../../process/components.ts';
import { defineModule, type ModuleContext } from '../../registry/module.ts';
import type { Target } from '../../registry/target.ts';
import { brokerModule } from './broker.ts';

const mebibyte = 1_048_576;
const minuteMs = 60_000;
const whole = () => z.number().int();

export const liveStoreSection = z
  .object({
    kind: z
      .enum(['embedded', 'redis'])
      .default('embedded')
      .describe('Where the live roll-ups are: the memory of the process, or Redis.'),
    redis: redisSection,
    windowMinutes: whole()
      .min(5)
      .max(1_440)
      .default(60)
      .describe('Minutes that the live roll-ups reach back.'),
    memoryBytesMax: whole()
      .min(8 * mebibyte)
      .default(96 * mebibyte)
      .describe(
        'Bytes of memory for the embedded live roll-ups, whatever names clients send; one tenant may have half of it. Beyond it the tenant that has the most loses its oldest.',
      ),
    redisBytesMax: whole()
      .min(16 * mebibyte)
      .default(256 * mebibyte)
      .describe(
        'Bytes of memory for the live roll-ups in Redis; equal in all processes, and below the maxmemory of Redis by a quarter at least.',
      ),
  })
  .prefault({});

type Section = SpillwayConfig['store']['live'];

interface Kind {
  create(context: ModuleContext, broker: Broker): Promise<LiveStore>;
  budget(section: Section, target: Target): BudgetLine[];
  isEmbedded: boolean;
}

const kinds: Readonly<Record<Section['kind'], Kind>> = {
  embedded: {
    isEmbedded: true,
    create: async ({ config, report }) => {
      const { createMemoryLiveStore } = await import('@spillway/store-memory');
      const { windowMinutes, memoryBytesMax: bytesMax } = config.store.live;
      return createMemoryLiveStore({ windowMs: windowMinutes * minuteMs, bytesMax, report });
    },
    budget: ({ memoryBytesMax }) => memoryLiveBudget(memoryBytesMax),
  },
  redis: {
    isEmbedded: false,
    create: async ({ config, report }, { capabilities }) => {
      const { createRedisLiveStore } = await import('@spillway/store-redis');
      const { redis, windowMinutes, redisBytesMax: bytesMax } = config.store.live;
      const windowMs = windowMinutes * minuteMs;
      const positions = capabilities.canReplay ? 'log' : 'sequences';
      return createRedisLiveStore({ ...redis, windowMs, bytesMax, positions, report });
    },
    budget: (_section, target) =>
      redisLiveBudget({ isFilled: target.fills(liveSink), questions: target.questions }),
  },
};

/** Keeps the roll-ups of the last hour or so, in memory or in Redis. */
export const liveStoreModule = defineModule({
  name: 'live-store',
  needs: { broker: brokerModule },
  create: (context, { broker }) => kinds[context.config.store.live.kind].create(context, broker),
  components: (store) => [asComponent(liveSink.title, store)],
  inspect: async (store) => (await store.capabilities.inspect?.()) ?? [],
  placement: ({ store }) => {
    const { isEmbedded } = kinds[store.live.kind];
    return { key: 'store.live.kind', isEmbedded, servers: 'redis' };
  },
  budget: ({ store: { live } }, target) => kinds[live.kind].budget(live, target),
  least: { 'store.live.memoryBytesMax': 12 * mebibyte },
  /** What another server holds for us. */
  limits: [
    {
      key: 'store.live.redisBytesMax',
      protects: 'Redis, and in it other tenants, from many names, records and large texts of one',
      answer: 'the live view of the tenant with the most becomes shorter',
    },
  ],
});
