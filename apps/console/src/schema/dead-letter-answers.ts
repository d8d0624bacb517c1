import { z } from 'zod';
import { cursor, fresh } from './fresh.ts';

export const deadLetterView = z
  .object({
    id: z.string().describe('Such as traces/0/17.'),
    tenant: z.string(),
    signal: z.enum(['traces', 'metrics', 'logs']),
    group: z.string().describe('The consumer group that refused it.'),
    code: z.string().describe('Stable; a metric label.'),
    reason: z.string().describe('For a person.'),
    records: z.number(),
    hasBody: z.boolean().describe('False when its records were too large to be kept with it.'),
    receivedMs: z.number().describe('ms since the epoch.'),
    deadSinceMs: z.number().describe('ms since the epoch.'),
    source: z
      .object({ topic: z.string(), partition: z.number(), position: z.number().optional() })
      .describe('The message it was cut from.'),
    sourceId: z
      .object({
        gateway: z.string(),
        epoch: z.number(),
        topic: z.string(),
        partition: z.number(),
        sequence: z.number(),
      })
      .describe('How the ledger names that message.'),
    part: z.string().optional().describe('Of a part of a message: index of its first record.'),
    resubmitted: z.boolean(),
  })
  .meta({ id: 'DeadLetter' });

export const deadLetterCount = z
  .object({ code: z.string(), group: z.string(), deadLetters: z.number(), records: z.number() })
  .meta({ id: 'DeadLetterCount' });

export const deadLettersAnswer = z.object({
  deadLetters: z.array(deadLetterView).describe('Newest first.'),
  byCode: z
    .array(deadLetterCount)
    .describe('Over all that the query matches and that are known, not only this page.'),
  truncated: z.boolean().describe('There are older ones, or some have not been read yet.'),
  cursor,
  ...fresh,
});

export const deadLetterAnswer = z.object({
  deadLetter: deadLetterView,
  body: z.string().describe('The records as OTLP/JSON; base64 when they cannot be read.'),
  bodyBytes: z.number(),
  ...fresh,
});

export const resubmitAnswer = z.object({
  resubmitted: z.array(z.string()).describe('Ids of those that were sent back.'),
  skipped: z
    .array(z.string())
    .describe('Not sent: unknown, sent before, without their records, or out of time.'),
});

export type DeadLetterCount = z.output<typeof deadLetterCount>;
export type DeadLettersAnswer = z.output<typeof deadLettersAnswer>;
export type DeadLetterAnswer = z.output<typeof deadLetterAnswer>;
export type ResubmitAnswer = z.output<typeof resubmitAnswer>;
export type DeadLetter = z.output<typeof deadLetterView>;
