import { z } from 'zod';

const amount = z.number().nonnegative();
const label = z.string().max(300);

const signalDocument = z.object({
  name: label.describe('Name of the signal.'),
  breaker: z
    .enum(['closed', 'open', 'half-open'])
    .describe('Circuit breaker towards the broker: closed while it takes messages.'),
  queueBytes: amount
    .optional()
    .describe('Bytes of messages that wait for the broker or are on their way to it.'),
});

const spillDocument = z.object({
  messages: amount.describe('Messages that wait in it.'),
  bytes: amount.describe('Bytes that it takes on its disk.'),
  bytesMax: amount.describe('Most bytes that it may take.'),
  cut: label.describe('Why it takes no messages at the moment; empty when it does.'),
  oldestMs: amount
    .optional()
    .describe('When its oldest message was accepted, in ms since the epoch.'),
});

const gatewayDocument = z
  .object({
    numbers: z.record(label, z.number()).describe('Counters and gauges to show, by name.'),
    signals: z.array(signalDocument).max(16).default([]).describe('State of each signal.'),
    partitions: z
      .record(label, amount)
      .describe('Number of partitions by state: `direct`, `spilling`, `draining` and so on.'),
    spill: spillDocument
      .optional()
      .describe('What the broker did not take; absent without a spill.'),
  })
  .meta({ id: 'GatewayDocument', description: 'What a gateway reports of itself.' });

/**
 * The schema of what a process reports of itself to the others, as JSON of at most 8 KB. Another
 * version may have written it: fields that it does not know are dropped, and what does not fit is
 * not shown.
 */
export const processDocument = z
  .object({
    roles: z.array(label).max(16).describe('Roles that the process has.'),
    host: label.describe('Name of its host.'),
    pid: z.number().describe('Id of the process on its host.'),
    state: z.enum(['running', 'stopping']).describe('Whether it is about to stop.'),
    ready: z.boolean().describe('Whether every component of it works.'),
    trouble: label.describe('Which components do not work, and why; empty when all do.'),
    dependencies: z
      .array(
        z.object({
          dependency: label.describe('What the server is used as, such as `broker`.'),
          own: z.enum(['up', 'down', 'unknown']).describe('What this process finds.'),
        }),
      )
      .max(32)
      .describe('Servers that it uses.'),
    unsafe: z
      .array(
        z.object({
          name: label.describe('Name of the check.'),
          key: label.describe('Setting that is not safe.'),
          wanted: label.describe('Value that would be safe.'),
          got: label.describe('Value that was found.'),
        }),
      )
      .max(16)
      .describe('What its safety checks found that are switched off.'),
    gateway: gatewayDocument.optional(),
  })
  .meta({ id: 'ProcessDocument', description: 'What a process reports of itself.' });

/** What a signal of a gateway reports of itself to other processes. */
export type SignalDocument = z.output<typeof signalDocument>;

/** What the spill of a gateway reports of itself to other processes. */
export type SpillDocument = z.output<typeof spillDocument>;

/** What a gateway reports of itself to other processes. */
export type GatewayDocument = z.output<typeof gatewayDocument>;

/** What a process reports of itself to the others. */
export type ProcessDocument = z.output<typeof processDocument>;
