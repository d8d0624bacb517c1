import { defaultLimits } from '@spillway/consumer';
import { z } from 'zod';

/** The `writer` section of the configuration. */
export const writerSection = z
  .object({
    batchBytesMax: z
      .number()
      .int()
      .min(1_024)
      .default(defaultLimits.batchBytesMax)
      .describe('Bytes of messages that are handed to the write store in one transaction.'),
    decodedBytesMax: z
      .number()
      .int()
      .min(65_536)
      .default(defaultLimits.decodedBytesMax)
      .describe(
        'Bytes of memory, estimated, for the decoded records of a batch. A message that takes more is handed to the store in parts.',
      ),
    pollWaitMs: z
      .number()
      .int()
      .min(1)
      .default(defaultLimits.pollWaitMs)
      .describe('Milliseconds for which a poll of the broker waits for a first message.'),
    gatherMs: z
      .number()
      .int()
      .min(0)
      .default(defaultLimits.gatherMs)
      .describe(
        'Milliseconds for which a small batch waits for more messages, because each transaction has a fixed cost.',
      ),
    retryBaseMs: z
      .number()
      .int()
      .min(1)
      .default(defaultLimits.retryBaseMs)
      .describe(
        'Milliseconds of the first wait, with full jitter, after the write store did not take a batch.',
      ),
    retryMaxMs: z
      .number()
      .int()
      .min(1)
      .default(defaultLimits.retryMaxMs)
      .describe('Milliseconds of the longest wait between two tries.'),
    breakerResetMs: z
      .number()
      .int()
      .min(1)
      .default(defaultLimits.breakerResetMs)
      .describe(
        'Milliseconds for which a write store that failed several times in a row is not tried.',
      ),
    retentionHours: z
      .number()
      .positive()
      .default(168)
      .describe(
        'Hours after which rows are deleted from the write store. They stay in the ledger as counts.',
      ),
  })
  .prefault({});

/** The values of `writerSection`. */
export type WriterConfig = z.output<typeof writerSection>;
