import { redisSection } from '@spillway/store-redis/config';
import { z } from 'zod';

const ms = z.number().int();

/** How processes tell each other what they find out. */
export const fleetSection = z
  .object({
    kind: z
      .enum(['none', 'redis'])
      .default('none')
      .describe(
        'Where processes tell each other which servers are down; none: each trusts itself.',
      ),
    redis: redisSection,
    windowMs: ms
      .min(3_000)
      .max(300_000)
      .default(10_000)
      .describe('A report counts for this long after it was last told; it is told each second.'),
    reportersMin: ms
      .min(1)
      .max(1_000)
      .default(2)
      .describe('So many processes must hold a server down before the whole fleet does.'),
  })
  .prefault({});
