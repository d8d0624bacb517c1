import { safetyNames } from '@spillway/broker';
import { logSection } from '@spillway/runtime';
import { z } from 'zod';
import { sections } from './modules/index.ts';

const processSection = z
  .object({
    memoryBytes: z
      .number()
      .int()
      .min(0)
      .default(0)
      .describe(
        'Bytes of memory that the process may take. Its limits are lowered to fit, or it does not start. The flag --memory, as in --memory 512M, is short for it. With 0 it is what the container allows, or else the memory of the machine.',
      ),
  })
  .prefault({});

const stopSection = z
  .object({
    deadlineMs: z
      .number()
      .int()
      .min(1_000)
      .default(30_000)
      .describe(
        'Milliseconds after which a stop that has not finished ends the process with exit code 1.',
      ),
  })
  .prefault({});

const unsafeAllow = z
  .array(z.enum(safetyNames))
  .default([])
  .describe(
    'Names of checks that do not stop the start when they fail. The flag --unsafe-allow NAME is short for it.',
  );

const { data, ...others } = sections;

/** The sections of the modules, and what concerns the process as a whole. */
export const spillwaySchema = z.object({
  data,
  process: processSection,
  ...others,
  log: logSection,
  stop: stopSection,
  unsafeAllow,
});

/** The whole configuration, checked. */
export type SpillwayConfig = z.output<typeof spillwaySchema>;
