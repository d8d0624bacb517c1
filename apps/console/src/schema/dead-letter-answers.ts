import { z } from 'zod';
import { cursor, fresh } from './fresh.ts';

/** The schema of a dead letter, without its records. */
const deadLetterView = z
  .object({
    id: z.string().describe('Its place in the dead letters, such as traces/0/17.'),
    tenant: z.string().describe('Tenant whose records they are.'),
    signal: z.enum(['traces', 'metrics', 'logs']).describe('What its records are.'),
    group: z.string().describe('The consumer group that refused it.'),
    code: z.string().describe('Why it was refused: a stable code, which is also a metric label.'),
    reason: z.string().describe('Why it was refused, in words.'),
    records: z.number().describe('Records in it.'),
    hasBody: z
      .boolean()
      .describe('False when its records were too large to be kept: it cannot be resubmitted.'),
    receivedMs: z.number().describe('When the gateway accepted it, in ms since the epoch.'),
    deadSinceMs: z.number().describe('When it became a dead letter, in ms since the epoch.'),
    source: z
      .object({
        topic: z.string().describe('Topic of the message.'),
        partition: z.number().describe('Partition of the message.'),
        position: z
          .number()
          .optional()
          .describe('Position in the partition; absent when it never was on the broker.'),
      })
      .describe('The message that its records were in.'),
    sourceId: z
      .object({
        gateway: z.string().describe('Gateway that wrote the message.'),
        epoch: z.number().describe('Which start of the gateway it was, counted up.'),
        topic: z.string().describe('Topic of the message.'),
        partition: z.number().describe('Partition of the message.'),
        sequence: z.number().describe('Number of the message, by gateway, epoch and partition.'),
      })
      .describe('How the ledger names that message.'),
    part: z
      .string()
      .optional()
      .describe('Index of its first record in the message; absent when it is the whole message.'),
    resubmitted: z.boolean().describe('Whether it was sent back already.'),
  })
  .meta({ id: 'DeadLetter', description: 'Accepted records that a consumer group refused.' });

/** The schema of how many dead letters one consumer group refused for one reason. */
const deadLetterCount = z
  .object({
    code: z.string().describe('Why they were refused.'),
    group: z.string().describe('The consumer group that refused them.'),
    deadLetters: z.number().describe('Number of dead letters.'),
    records: z.number().describe('Number of records in them.'),
  })
  .meta({ id: 'DeadLetterCount', description: 'Dead letters of one group and one reason.' });

/** The schema of a page of dead letters. */
export const deadLettersAnswer = z.object({
  deadLetters: z.array(deadLetterView).describe('Dead letters, newest first.'),
  byCode: z
    .array(deadLetterCount)
    .describe('Counts of all that the query matches and that are known, not only of this page.'),
  truncated: z.boolean().describe('There are older ones, or some have not been read yet.'),
  cursor,
  ...fresh,
});

/** The schema of one dead letter with its records. */
export const deadLetterAnswer = z.object({
  deadLetter: deadLetterView,
  body: z
    .string()
    .describe('The records as OTLP/JSON; base64 when they cannot be read, empty when too many.'),
  bodyBytes: z.number().describe('Bytes of the records as they are stored.'),
  ...fresh,
});

/** The schema of what became of dead letters that were to be sent back. */
export const resubmitAnswer = z.object({
  resubmitted: z.array(z.string()).describe('Ids of those that were sent back.'),
  skipped: z
    .array(z.string())
    .describe(
      'Ids of those that were not: unknown, sent before, without their records, or out of time.',
    ),
});

/** How many dead letters one consumer group refused for one reason. */
export type DeadLetterCount = z.output<typeof deadLetterCount>;
/** A page of dead letters. */
export type DeadLettersAnswer = z.output<typeof deadLettersAnswer>;
/** One dead letter with its records. */
export type DeadLetterAnswer = z.output<typeof deadLetterAnswer>;
/** What became of dead letters that were to be sent back. */
export type ResubmitAnswer = z.output<typeof resubmitAnswer>;
/** A dead letter, without its records. */
export type DeadLetter = z.output<typeof deadLetterView>;
