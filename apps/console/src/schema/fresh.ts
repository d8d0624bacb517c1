/** What every answer of the query API has. */
import { z } from 'zod';
import { apiErrors } from '../http/errors.ts';

const seconds = z.number().nullable();

/**
 * The schema of the lag of every sink, in seconds, by name of the sink; null where it is not known.
 */
const behind = z.record(z.string(), seconds).meta({
  id: 'Behind',
  description: 'Seconds behind the log, by name of the sink; null where it is not known.',
});

/** The fields by which every answer says how much newer data it may lack. */
export const fresh = {
  behindSeconds: seconds.describe(
    'Seconds that the store that answered is behind the log; where no single store did, the slowest ' +
      'one. Null when unknown.',
  ),
  behind,
};

/** The field of a list that is read page by page. */
export const cursor = z
  .string()
  .optional()
  .describe('Parameter `cursor` for the next page; absent on the last one.');

/**
 * The fields that say for which range of time an answer is: ms since the epoch, the end exclusive.
 */
export const ranged = {
  fromMs: z
    .number()
    .describe('Start of the range of the answer, in ms since the epoch: inclusive.'),
  toMs: z.number().describe('End of the range of the answer, in ms since the epoch: exclusive.'),
};

/** The schema of every answer that is not a success. */
export const errorAnswer = z
  .object({
    error: z
      .object({
        code: z.enum(Object.keys(apiErrors)).describe('Stable; programs may rely on it.'),
        message: z.string().describe('The reason, in words.'),
        key: z.string().optional().describe('The parameter that is wrong.'),
        wanted: z.string().optional().describe('What would be right.'),
        got: z.string().optional().describe('What was sent instead, cut to 100 characters.'),
      })
      .describe('What went wrong.'),
  })
  .meta({ id: 'Error', description: 'Every answer that is not a success.' });

/**
 * The schema of a 404 with its freshness, as what is asked for may not have reached the store yet.
 */
export const missingAnswer = z.object({ ...errorAnswer.shape, ...fresh }).meta({
  id: 'Missing',
  description: 'There is no such thing, or it has not reached the store yet.',
});

/** Seconds behind the log, by name of the sink; null where it is not known. */
export type Behind = z.output<typeof behind>;

/** How much newer data an answer may lack. */
export interface Fresh {
  /** Seconds behind the log of the store that answered; null when unknown. */
  behindSeconds: number | null;
  behind: Behind;
}

/** The body of every answer that is not a success. */
export type ErrorBody = z.output<typeof errorAnswer>;
