import { z } from 'zod';
import { processDocument } from '../fleet/process-document.ts';
import { fresh } from './fresh.ts';

const position = z.number().nullable();

/** The schema of how far a consumer group is behind on one partition. */
const partitionLag = z
  .object({
    group: z.string().describe('Consumer group.'),
    topic: z.string().describe('Topic that it reads.'),
    partition: z.number().describe('Partition of the topic.'),
    messages: z
      .number()
      .nullable()
      .describe('Messages that are kept and not committed; null when not known.'),
    seconds: z
      .number()
      .nullable()
      .describe('Age of the oldest of them in seconds; 0 without any, null when not known.'),
    expired: z
      .number()
      .describe('Messages that retention removed before the group committed them.'),
    committed: position.describe(
      'First position that is not committed; null where the broker has no positions.',
    ),
    start: position.describe('First position that is kept; null as above.'),
    end: position.describe('Position that the next message will get; null as above.'),
  })
  .meta({ id: 'PartitionLag', description: 'How far a group is behind on one partition.' });

const lag = {
  lag: z.array(partitionLag).describe('Lag by group and partition.'),
  lagAgeSeconds: z
    .number()
    .describe('How long ago that was read, in seconds: the broker is asked once a second at most.'),
  unknownGroups: z.array(z.string()).describe('Groups whose lag cannot be known now.'),
};

const state = z.enum(['up', 'down', 'unknown']);

const dependencyState = z
  .object({
    dependency: z
      .string()
      .describe('What the server is used as, such as `broker` or `write-store`.'),
    own: state.describe('What this process finds; unknown where it does not use the server.'),
    fleet: state.describe('What all processes together find; unknown without a shared view.'),
    reporters: z
      .array(
        z.object({
          name: z.string().describe('Name of the process.'),
          sinceMs: z.number().describe('Since when, in ms since the epoch.'),
          reason: z.string().describe('The error that it met.'),
        }),
      )
      .describe('Processes that report it as down, the longest first.'),
  })
  .meta({ id: 'DependencyState', description: 'Whether a server is up.' });

/** The schema of a process of the pipeline. */
const processView = z
  .object({
    name: z.string().describe('Name of the process, unique in the fleet.'),
    startedMs: z.number().describe('When it started, in ms since the epoch.'),
    document: processDocument
      .nullable()
      .describe('What the process reports of itself; null when its version cannot be read here.'),
    drainSeconds: z
      .number()
      .nullable()
      .describe('Seconds until the spill of a gateway is empty; null while it does not shrink.'),
  })
  .meta({ id: 'Process', description: 'A process of the pipeline.' });

const fleet = {
  view: z
    .enum(['alone', 'shared', 'lost'])
    .describe('Whether processes know of each other: not at all, yes, or not at the moment.'),
  reportersMin: z
    .number()
    .describe('Processes that must report a server as down before all treat it as down.'),
  dependencies: z.array(dependencyState).describe('Servers, those in trouble first.'),
  processes: z.array(processView).describe('Processes, gateways first.'),
};

const groupDrain = z
  .object({
    group: z.string().describe('Consumer group.'),
    topic: z.string().describe('Topic that it reads.'),
    seconds: z
      .number()
      .nullable()
      .describe('Seconds until its backlog is gone; null while it does not shrink.'),
  })
  .meta({ id: 'GroupDrain', description: 'How soon a group will have caught up on a topic.' });

const unsafeFinding = z
  .object({
    name: z.string().describe('Name of the check.'),
    key: z.string().describe('Setting, of Spillway or of a server, that is not safe.'),
    wanted: z.string().describe('Value that would be safe.'),
    got: z.string().describe('Value that was found.'),
    processes: z.array(z.string()).describe('Processes that found it.'),
  })
  .meta({ id: 'UnsafeFinding', description: 'A safety check that is switched off.' });

/** The schema of the lag of all consumer groups. */
export const lagAnswer = z.object({ ...lag, ...fresh });

/** The schema of the safety checks that are switched off in any process. */
export const statusAnswer = z.object({
  unsafe: z.array(unsafeFinding).describe('What those checks found.'),
  ...fresh,
});

/** The schema of all processes and the servers that they use. */
export const dependenciesAnswer = z.object({ ...fleet, ...fresh });

/** The schema of the state of the whole pipeline. */
export const pipelineAnswer = z.object({
  ...lag,
  ...fleet,
  ready: z.boolean().describe('Whether the process that answers is ready.'),
  components: z
    .array(
      z.object({
        name: z.string().describe('Name of the component.'),
        ok: z.boolean().describe('Whether it works.'),
        detail: z.string().describe('Its state, in words.'),
      }),
    )
    .describe('Components of the process that answers.'),
  drain: z.array(groupDrain).describe('How soon each group will have caught up.'),
  ...fresh,
});

/** How far a consumer group is behind on one partition. */
export type PartitionLag = z.output<typeof partitionLag>;
/** A process of the pipeline. */
export type ProcessView = z.output<typeof processView>;
/** How soon a consumer group will have caught up on a topic. */
export type GroupDrain = z.output<typeof groupDrain>;
/** What a safety check found that is switched off. */
export type UnsafeFinding = z.output<typeof unsafeFinding>;
/** The lag of all consumer groups. */
export type LagAnswer = z.output<typeof lagAnswer>;
/** The safety checks that are switched off in any process. */
export type StatusAnswer = z.output<typeof statusAnswer>;
/** All processes and the servers that they use, with the freshness. */
export type DependenciesAnswer = z.output<typeof dependenciesAnswer>;
/** All processes and the servers that they use. */
export type FleetAnswer = Omit<DependenciesAnswer, keyof typeof fresh>;
/** The state of the whole pipeline. */
export type PipelineAnswer = z.output<typeof pipelineAnswer>;
