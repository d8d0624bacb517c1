import { consoleSection } from '@spillway/console';
import { gatewaySection } from '@spillway/gateway';
import { projectorSection } from '@spillway/projector';
import { logSection } from '@spillway/runtime';
import { writerSection } from '@spillway/writer';
import { z } from 'zod';

const whole = () => z.number().int();
const mebibyte = 1_048_576;

const dataSection = z
  .object({
    dir: z
      .string()
      .min(1)
      .default('./data')
      .describe('Folder of everything that is kept; --data is short for it.'),
  })
  .prefault({});

const brokerSection = z
  .object({
    partitions: whole()
      .min(1)
      .max(1_024)
      .default(2)
      .describe('Partitions of each OTLP topic; fixed when the data folder is made.'),
    embedded: z
      .object({
        logBytesMax: whole()
          .min(16 * mebibyte)
          .default(4_096 * mebibyte)
          .describe('Bytes the log may take; beyond it what every group has read is removed.'),
        retentionHours: z
          .number()
          .positive()
          .default(168)
          .describe('The log keeps this long; at least as long as the stores, which it rebuilds.'),
        segmentBytes: whole()
          .min(64 * 1_024)
          .default(32 * mebibyte)
          .describe('Size of a segment file; retention removes whole ones.'),
        messageBytesMax: whole()
          .min(1_024)
          .default(64 * mebibyte)
          .describe('Largest message the log takes.'),
      })
      .prefault({}),
  })
  .prefault({});

const storeSection = z
  .object({
    search: z
      .object({
        memoryBytesMax: whole()
          .min(32 * mebibyte)
          .default(128 * mebibyte)
          .describe('Memory of the embedded search store.'),
      })
      .prefault({}),
    live: z
      .object({
        windowMinutes: whole()
          .min(5)
          .max(1_440)
          .default(60)
          .describe('How far back the live roll-ups reach.'),
      })
      .prefault({}),
  })
  .prefault({});

const stopSection = z
  .object({
    deadlineMs: whole()
      .min(1_000)
      .default(30_000)
      .describe('A stop that takes longer exits with 1.'),
  })
  .prefault({});

export const spillwaySchema = z.object({
  data: dataSection,
  gateway: gatewaySection,
  broker: brokerSection,
  store: storeSection,
  writer: writerSection,
  projector: projectorSection,
  console: consoleSection,
  log: logSection,
  stop: stopSection,
});

export type SpillwayConfig = z.output<typeof spillwaySchema>;
