import { defaultLimits } from '@spillway/consumer';
import { z } from 'zod';

const whole = () => z.number().int();

export const projectorSection = z
  .object({
    batchBytesMax: whole()
      .min(1_024)
      .default(defaultLimits.batchBytesMax)
      .describe('Bytes of messages that go to a read store at once.'),
    decodedBytesMax: whole()
      .min(65_536)
      .default(defaultLimits.decodedBytesMax)
      .describe(
        'Memory for decoded records of a batch, estimated: a message that takes more goes to the store in parts.',
      ),
    pollWaitMs: whole()
      .min(1)
      .default(defaultLimits.pollWaitMs)
      .describe('How long a poll of the broker waits for a first message.'),
    gatherMs: whole()
      .min(0)
      .default(defaultLimits.gatherMs)
      .describe('How long a small batch waits for more, since each transaction has its price.'),
    retryBaseMs: whole()
      .min(1)
      .default(defaultLimits.retryBaseMs)
      .describe('First wait, with full jitter, when a read store does not take a batch.'),
    retryMaxMs: whole()
      .min(1)
      .default(defaultLimits.retryMaxMs)
      .describe('Longest wait between tries.'),
    breakerResetMs: whole()
      .min(1)
      .default(defaultLimits.breakerResetMs)
      .describe('A read store that failed several times is tried no sooner than this.'),
    searchRetentionHours: z
      .number()
      .positive()
      .default(168)
      .describe('Documents older than this are dropped; they stay in the ledger as counts.'),
  })
  .prefault({});

export type ProjectorConfig = z.output<typeof projectorSection>;
