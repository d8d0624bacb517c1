import { defaultLimits } from '@spillway/consumer';
import { z } from 'zod';

const whole = () => z.number().int();

/** The `projector` section of the configuration. */
export const projectorSection = z
  .object({
    batchBytesMax: whole()
      .min(1_024)
      .default(defaultLimits.batchBytesMax)
      .describe('Bytes of messages that are handed to a read store at once.'),
    decodedBytesMax: whole()
      .min(65_536)
      .default(defaultLimits.decodedBytesMax)
      .describe(
        'Bytes of memory, estimated, for the decoded records of a batch. A message that takes more is handed to the store in parts.',
      ),
    pollWaitMs: whole()
      .min(1)
      .default(defaultLimits.pollWaitMs)
      .describe('Milliseconds for which a poll of the broker waits for a first message.'),
    gatherMs: whole()
      .min(0)
      .default(defaultLimits.gatherMs)
      .describe(
        'Milliseconds for which a small batch waits for more messages, because each transaction has a fixed cost.',
      ),
    retryBaseMs: whole()
      .min(1)
      .default(defaultLimits.retryBaseMs)
      .describe(
        'Milliseconds of the first wait, with full jitter, after a read store did not take a batch.',
      ),
    retryMaxMs: whole()
      .min(1)
      .default(defaultLimits.retryMaxMs)
      .describe('Milliseconds of the longest wait between two tries.'),
    breakerResetMs: whole()
      .min(1)
      .default(defaultLimits.breakerResetMs)
      .describe(
        'Milliseconds for which a read store that failed several times in a row is not tried.',
      ),
    searchRetentionHours: z
      .number()
      .positive()
      .default(168)
      .describe(
        'Hours after which documents are deleted from the search store. They stay in the ledger as counts.',
      ),
  })
  .prefault({});

/** The values of `projectorSection`. */
export type ProjectorConfig = z.output<typeof projectorSection>;
