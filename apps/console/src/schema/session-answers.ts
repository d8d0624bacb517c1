import { z } from 'zod';

/** The schema of what a browser may do with the key that it has. */
export const sessionAnswer = z.object({
  tenant: z.string().describe('Tenant that the key belongs to.'),
  scopes: z
    .array(z.string())
    .describe('What the key allows: `query` reads, `admin` also resubmits dead letters.'),
  keys: z.boolean().describe('False when no keys are configured: there is nothing to sign out of.'),
});

/** What a browser may do with the key that it has. */
export type SessionAnswer = z.output<typeof sessionAnswer>;
