/** What every answer of the query API has. */
import { z } from 'zod';
import { apiErrors } from '../http/errors.ts';

const seconds = z.number().nullable();

export const behind = z.record(z.string(), seconds).meta({
  id: 'Behind',
  description: 'Seconds behind the log, by name of the sink; null where it is not known.',
});

export const fresh = {
  behindSeconds: seconds.describe(
    'Of the store that answered; of the slowest one where no single store did; null when unknown.',
  ),
  behind,
};

export const cursor = z
  .string()
  .optional()
  .describe('Ask again with it for the next page; absent on the last one.');

export const ranged = {
  fromMs: z.number().describe('The range that was asked for, in ms since the epoch: inclusive.'),
  toMs: z.number().describe('Exclusive.'),
};

const errorCode = z.enum(Object.keys(apiErrors));

export const errorAnswer = z
  .object({
    error: z.object({
      code: errorCode.describe('Stable; programs may rely on it.'),
      message: z.string().describe('For a person.'),
      key: z.string().optional().describe('The parameter that is wrong.'),
      wanted: z.string().optional().describe('What would be right.'),
      got: z.string().optional().describe('What was sent instead, cut to 100 characters.'),
    }),
  })
  .meta({ id: 'Error', description: 'Every answer that is not a success.' });

export const missingAnswer = z
  .object({ ...errorAnswer.shape, ...fresh })
  .meta({ id: 'Missing', description: 'There is no such thing, or it is still on its way.' });

export type Behind = z.output<typeof behind>;
export interface Fresh {
  behindSeconds: number | null;
  behind: Behind;
}
export type ErrorBody = z.output<typeof errorAnswer>;
