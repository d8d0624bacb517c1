import { defaultLimits } from '@spillway/consumer';
import { z } from 'zod';

export const writerSection = z
  .object({
    batchBytesMax: z
      .number()
      .int()
      .min(1_024)
      .default(defaultLimits.batchBytesMax)
      .describe('Bytes of messages that go to the write store in one transaction.'),
    decodedBytesMax: z
      .number()
      .int()
      .min(65_536)
      .default(defaultLimits.decodedBytesMax)
      .describe(
        'Memory for decoded records of a batch, estimated: a message that takes more goes to the store in parts.',
      ),
    pollWaitMs: z
      .number()
      .int()
      .min(1)
      .default(defaultLimits.pollWaitMs)
      .describe('How long a poll of the broker waits for a first message.'),
    gatherMs: z
      .number()
      .int()
      .min(0)
      .default(defaultLimits.gatherMs)
      .describe('How long a small batch waits for more, since each transaction has its price.'),
    retryBaseMs: z
      .number()
      .int()
      .min(1)
      .default(defaultLimits.retryBaseMs)
      .describe('First wait, with full jitter, when the write store does not take a batch.'),
    retryMaxMs: z
      .number()
      .int()
      .min(1)
      .default(defaultLimits.retryMaxMs)
      .describe('Longest wait between tries.'),
    breakerResetMs: z
      .number()
      .int()
      .min(1)
      .default(defaultLimits.breakerResetMs)
      .describe('A write store that failed several times is tried no sooner than this.'),
    retentionHours: z
      .number()
      .positive()
      .default(168)
      .describe('Rows older than this are dropped; they stay in the ledger as counts.'),
  })
  .prefault({});

export type WriterConfig = z.output<typeof writerSection>;
