import { z } from 'zod';
import { fresh } from './fresh.ts';

const count = z.number();

/** The terms of the sum that the write store and every other sink have. */
const terms = {
  accepted: count.describe('Records that gateways acknowledged to clients.'),
  stored: count.describe('Records that the store has.'),
  duplicates: count.describe('Records that came again and that the store dropped.'),
  waiting: count.describe('Records in the log that the consumer group has not committed.'),
  spilled: count.describe('Records in the spill of a gateway.'),
  deadLettered: count.describe('Records in dead letters.'),
  expired: count.describe('Records that retention removed from the log before they were read.'),
  undecided: count.describe(
    'Records of open minutes that cannot be read now: they wait, or are lost.',
  ),
};

/** The schema of the account over all stores; the terms are those of the write store. */
const ledgerCounts = z
  .object({
    ...terms,
    stored: count.describe('Rows of the write store.'),
    searchable: count.describe('Documents of the search store.'),
    refused: count.describe('Records that were refused to clients; outside the sum.'),
    foreign: count.describe('Accepted records that no gateway of this system wrote.'),
    unaccounted: count.describe(
      'Records missing or too many in any store; they do not cancel out.',
    ),
  })
  .meta({
    id: 'LedgerCounts',
    description: 'Numbers of records; up to `undecided` they are those of the write store.',
  });

const sinkSpec = z
  .object({
    name: z.string().describe('Name by which other fields refer to it.'),
    title: z.string().describe('Name to show.'),
  })
  .meta({ id: 'Sink', description: 'A store that consumers fill.' });

const sinkCounts = z
  .object({
    ...terms,
    difference: count.describe('What is left of the sum: positive is lost, negative is too much.'),
    unaccounted: count.describe(
      'At least the size of the difference; more where a surplus hides a loss.',
    ),
  })
  .meta({
    id: 'SinkCounts',
    description:
      'Numbers of records in one sink: accepted = stored + duplicates + waiting + spilled + ' +
      'deadLettered + expired + undecided + difference.',
  });

const bucket = {
  tenant: z.string().describe('Tenant that sent the records.'),
  signal: z.enum(['traces', 'metrics', 'logs']).describe('What the records are.'),
  minute: z.number().describe('Minute of acceptance: minutes since the epoch.'),
};
const sink = z.string().describe('Name of the sink.');
const gatewayStart = {
  gateway: z.string().describe('Name of the gateway.'),
  epoch: z.number().describe('Which start of the gateway it was, counted up.'),
};

const lists = {
  minutes: z
    .array(z.object({ ...bucket, ...ledgerCounts.shape }))
    .describe('Counts by minute: those with a difference first, then the latest.'),
  open: z
    .array(z.object({ ...bucket, sink, waiting: terms.waiting, undecided: terms.undecided }))
    .describe(
      'Minutes in which something still waits, or whose numbers moved while they were read.',
    ),
  differences: z
    .array(z.object({ ...bucket, ...sinkCounts.shape, sink }))
    .describe('Minutes that do not add up in a sink.'),
  holes: z
    .array(
      z.object({
        ...bucket,
        sink,
        records: count.describe('Records in the message.'),
        ...gatewayStart,
        topic: z.string().describe('Topic of the message.'),
        partition: z.number().describe('Partition of the message.'),
        sequence: z.number().describe('Number of the message, by gateway, epoch and partition.'),
      }),
    )
    .describe('Messages that were made durable and are nowhere: their records are lost.'),
  missingRows: z
    .array(z.object({ ...bucket, sink, rows: count.describe('Rows missing; negative: too many.') }))
    .describe('Rows that the store has an account of and that are not there.'),
  missingNotes: z
    .array(
      z.object({
        ...gatewayStart,
        from: z.number().describe('Number of the first note that is missing.'),
        to: z.number().describe('Number of the last note that is missing, inclusive.'),
        minute: z.number().describe('Last minute that the next note names, since the epoch.'),
      }),
    )
    .describe('Reports of gateways on what they made durable that never came.'),
  spills: z
    .array(
      z.object({
        spill: z.string().describe('Id of the spill.'),
        lastGateway: z.string().describe('Gateway that reported it last.'),
        atMs: z.number().describe('When it was reported last, in ms since the epoch.'),
        messages: count.describe('Messages in it.'),
        records: count.describe('Records in it.'),
        isSilent: z
          .boolean()
          .describe('No gateway has reported it for 5 minutes: bring its disk back.'),
      }),
    )
    .describe('Spills that hold accepted messages.'),
  keptAside: z
    .array(
      z.object({
        path: z.string().describe('Folder of the store.'),
        reason: z.string().describe('Why it is kept.'),
      }),
    )
    .describe('Damaged stores that were set aside and may hold what the log no longer does.'),
};

/** The schema of the account of what was accepted in a range of time. */
export const ledgerAnswer = z.object({
  totals: ledgerCounts,
  bySignal: z.record(z.string(), ledgerCounts).describe('Sums by signal.'),
  byTenant: z.record(z.string(), ledgerCounts).describe('Sums by tenant.'),
  sinks: z.array(sinkSpec).describe('Stores whose counts are compared with what was accepted.'),
  bySink: z.record(sink, sinkCounts).describe('Sums by name of the sink.'),
  ...lists,
  unreadNotes: count.describe(
    'Reports of gateways that are not read yet: what they name may follow.',
  ),
  leftOff: z
    .record(z.string(), z.number())
    .describe('Entries beyond what a list may hold, by its name; the sums have them all.'),
  ...fresh,
});

/** The account over all stores, in records. */
export type LedgerCounts = z.output<typeof ledgerCounts>;
/** The account of what was accepted in a range of time. */
export type LedgerAnswer = z.output<typeof ledgerAnswer>;
