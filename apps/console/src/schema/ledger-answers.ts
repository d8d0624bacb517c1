import { z } from 'zod';
import { fresh } from './fresh.ts';

const count = z.number();

export const ledgerCounts = z
  .object({
    accepted: count,
    stored: count.describe('Rows of the write store.'),
    searchable: count.describe('Documents of the search store.'),
    duplicates: count,
    waiting: count,
    spilled: count,
    deadLettered: count,
    expired: count,
    undecided: count.describe('Of open minutes: what cannot be read now, and may wait or be lost.'),
    refused: count.describe('Refused to the client; outside the sum.'),
    foreign: count.describe('Of the accepted ones, those that no gateway of this system wrote.'),
    unaccounted: count.describe('Over both stores: a surplus counts like a loss.'),
  })
  .meta({ id: 'LedgerCounts', description: 'Numbers of records.' });

const sinkSpec = z
  .object({
    name: z.string(),
    title: z.string().describe('For a person.'),
  })
  .meta({ id: 'Sink', description: 'A store that consumers fill.' });

const sinkCounts = z
  .object({
    accepted: count,
    stored: count,
    duplicates: count,
    waiting: count,
    spilled: count,
    deadLettered: count,
    expired: count,
    undecided: count,
    difference: count.describe('Positive is lost, negative is too much.'),
    unaccounted: count,
  })
  .meta({
    id: 'SinkCounts',
    description:
      'accepted = stored + duplicates + waiting + spilled + deadLettered + expired + undecided + ' +
      'difference',
  });

const bucket = {
  tenant: z.string(),
  signal: z.enum(['traces', 'metrics', 'logs']),
  minute: z.number().describe('Minute of acceptance: minutes since the epoch.'),
};
const sink = z.string().describe('Name of the sink.');

const lists = {
  minutes: z
    .array(z.object({ ...bucket, ...ledgerCounts.shape }))
    .describe('Those with a difference first, then the latest.'),
  open: z
    .array(z.object({ ...bucket, sink, waiting: count, undecided: count }))
    .describe('Minutes that something still waits in.'),
  differences: z.array(z.object({ ...bucket, ...sinkCounts.shape, sink })),
  holes: z
    .array(
      z.object({
        ...bucket,
        sink,
        records: count,
        gateway: z.string(),
        epoch: z.number(),
        topic: z.string(),
        partition: z.number(),
        sequence: z.number(),
      }),
    )
    .describe('Messages that were made durable and are nowhere.'),
  missingRows: z
    .array(z.object({ ...bucket, sink, rows: count }))
    .describe('Rows that the account of the store remembers and that are not there.'),
  missingNotes: z
    .array(
      z.object({
        gateway: z.string(),
        epoch: z.number(),
        from: z.number(),
        to: z.number(),
        minute: z.number(),
      }),
    )
    .describe('Notes of a gateway that never came.'),
  spills: z
    .array(
      z.object({
        spill: z.string(),
        lastGateway: z.string(),
        atMs: z.number(),
        messages: count,
        records: count,
        isSilent: z.boolean().describe('No process has reported it for long: bring its disk back.'),
      }),
    )
    .describe('Spills that hold accepted messages.'),
  keptAside: z
    .array(z.object({ path: z.string(), reason: z.string() }))
    .describe('Stores that were set aside, and may hold what the log does not any more.'),
};

export const ledgerAnswer = z.object({
  totals: ledgerCounts,
  bySignal: z.record(z.string(), ledgerCounts),
  byTenant: z.record(z.string(), ledgerCounts),
  sinks: z.array(sinkSpec).describe('Those whose counts are compared.'),
  bySink: z.record(sink, sinkCounts),
  ...lists,
  unreadNotes: count.describe('Notes in a queue that cannot be read.'),
  leftOff: z
    .record(z.string(), z.number())
    .describe('Entries beyond what a list may hold, by its name; the sums have them all.'),
  ...fresh,
});

export type LedgerCounts = z.output<typeof ledgerCounts>;
export type LedgerAnswer = z.output<typeof ledgerAnswer>;
