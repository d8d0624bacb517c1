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
        'Memory that the process may take; its limits are made to fit, or it does not start. --memory 512M is short for it. 0: what its container allows, else that of the machine.',
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
      .describe('A stop that takes longer exits with 1.'),
  })
  .prefault({});

const unsafeAllow = z
  .array(z.enum(safetyNames))
  .default([])
  .describe('Checks of the start to switch off, by name; --unsafe-allow NAME is short for it.');

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

export type SpillwayConfig = z.output<typeof spillwaySchema>;
