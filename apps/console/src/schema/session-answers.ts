import { z } from 'zod';

export const sessionAnswer = z.object({
  tenant: z.string(),
  scopes: z.array(z.string()),
  keys: z.boolean().describe('False when no keys are configured: there is nothing to sign out of.'),
});

export type SessionAnswer = z.output<typeof sessionAnswer>;
