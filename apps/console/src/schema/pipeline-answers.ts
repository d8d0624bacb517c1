import { z } from 'zod';
import { processDocument } from '../fleet/process-document.ts';
import { fresh } from './fresh.ts';

const position = z.number().nullable();

export const partitionLag = z
  .object({
    group: z.string(),
    topic: z.string(),
    partition: z.number(),
    messages: z.number().nullable().describe('Kept and not committed; null when not known.'),
    seconds: z.number().nullable().describe('Age of the oldest of them; null when not known.'),
    expired: z.number().describe('Removed by retention before the group committed them.'),
    committed: position.describe('First position not committed; null where there are none.'),
    start: position.describe('First position that is kept.'),
    end: position.describe('Position that the next message will get.'),
  })
  .meta({ id: 'PartitionLag' });

const lag = {
  lag: z.array(partitionLag),
  unknownGroups: z.array(z.string()).describe('Groups whose lag cannot be known now.'),
};

const state = z.enum(['up', 'down', 'unknown']);

export const dependencyState = z
  .object({
    dependency: z.string(),
    own: state.describe('The judgement of this process; unknown where it does not use it.'),
    fleet: state.describe('Of all processes together; unknown without a shared view.'),
    reporters: z
      .array(z.object({ name: z.string(), sinceMs: z.number(), reason: z.string() }))
      .describe('Processes that hold it for down, the longest first.'),
  })
  .meta({ id: 'DependencyState' });

export const processView = z
  .object({
    name: z.string(),
    startedMs: z.number().describe('ms since the epoch.'),
    document: processDocument
      .nullable()
      .describe('Null when it is of a version that this process cannot read.'),
    drainSeconds: z
      .number()
      .nullable()
      .describe('Until the spill of a gateway is empty; null while it does not shrink.'),
  })
  .meta({ id: 'Process' });

const fleet = {
  view: z
    .enum(['alone', 'shared', 'lost'])
    .describe('Whether processes know of each other: not at all, yes, or not at the moment.'),
  reportersMin: z.number().describe('Processes that must hold a server for down.'),
  dependencies: z.array(dependencyState),
  processes: z.array(processView),
};

export const groupDrain = z
  .object({
    group: z.string(),
    topic: z.string(),
    seconds: z.number().nullable().describe('Until its backlog is gone; null while it grows.'),
  })
  .meta({ id: 'GroupDrain' });

export const unsafeFinding = z
  .object({
    name: z.string(),
    key: z.string(),
    wanted: z.string(),
    got: z.string(),
    processes: z.array(z.string()).describe('Where it was found.'),
  })
  .meta({ id: 'UnsafeFinding', description: 'A safety check that is switched off.' });

export const lagAnswer = z.object({ ...lag, ...fresh });
export const statusAnswer = z.object({ unsafe: z.array(unsafeFinding), ...fresh });
export const dependenciesAnswer = z.object({ ...fleet, ...fresh });
export const pipelineAnswer = z.object({
  ...lag,
  ...fleet,
  ready: z.boolean(),
  components: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
  drain: z.array(groupDrain),
  ...fresh,
});

export type PartitionLag = z.output<typeof partitionLag>;
export type ProcessView = z.output<typeof processView>;
export type GroupDrain = z.output<typeof groupDrain>;
export type UnsafeFinding = z.output<typeof unsafeFinding>;
export type LagAnswer = z.output<typeof lagAnswer>;
export type StatusAnswer = z.output<typeof statusAnswer>;
export type DependenciesAnswer = z.output<typeof dependenciesAnswer>;
export type FleetAnswer = Omit<DependenciesAnswer, keyof typeof fresh>;
export type PipelineAnswer = z.output<typeof pipelineAnswer>;
