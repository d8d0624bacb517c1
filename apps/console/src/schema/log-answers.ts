import { z } from 'zod';
import { cursor, fresh, ranged } from './fresh.ts';
import {
  anyValue,
  attributesOf,
  resourceView,
  scopeView,
  spanId,
  timeUnixNano,
  traceId,
} from './telemetry.ts';

export const logView = z
  .object({
    key: z.string().describe('Names the record in all stores.'),
    timeUnixNano,
    observedTimeUnixNano: timeUnixNano,
    severityNumber: z.number().describe('1 to 24; 0 when unset.'),
    severityText: z.string(),
    body: anyValue.optional(),
    eventName: z.string(),
    service: z.string(),
    traceId,
    spanId,
    flags: z.number(),
    ...attributesOf,
    resource: resourceView,
    scope: scopeView,
  })
  .meta({ id: 'Log', description: 'A log record as it was sent.' });

export const histogramBar = z
  .object({
    fromMs: z.number().describe('Where the bar begins, in ms since the epoch.'),
    counts: z
      .record(z.string(), z.number())
      .describe('By severity band: trace, debug, info, warn, error, fatal, unset.'),
  })
  .meta({ id: 'HistogramBar' });

export const logsAnswer = z.object({ ...ranged, logs: z.array(logView), cursor, ...fresh });
export const logHistogramAnswer = z.object({ ...ranged, bars: z.array(histogramBar), ...fresh });

export const tailLine = z
  .object({
    id: z.string().describe('Place in the tail: `afterId` goes on behind it.'),
    signal: z.literal('logs'),
    key: z.string().describe('Names the record in all stores.'),
    timeUnixNano,
    service: z.string(),
    traceId,
    spanId,
    text: z.string().describe('Body or event name, cut to 4,000 characters.'),
    isCut: z.boolean(),
    severityNumber: z.number().describe('1 to 24; 0 when unset.'),
    severityText: z.string(),
  })
  .meta({ id: 'TailLine' });

export type LogView = z.output<typeof logView>;
export type HistogramBar = z.output<typeof histogramBar>;
export type LogsAnswer = z.output<typeof logsAnswer>;
export type LogHistogramAnswer = z.output<typeof logHistogramAnswer>;
export type TailLine = z.output<typeof tailLine>;
