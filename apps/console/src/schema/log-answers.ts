import { z } from 'zod';
import { cursor, fresh, ranged } from './fresh.ts';
import {
  anyValue,
  attributesOf,
  recordKey,
  resourceView,
  scopeView,
  serviceName,
  spanId,
  timeUnixNano,
  traceId,
} from './telemetry.ts';

const severity = {
  severityNumber: z.number().describe('Severity of OTLP, 1 to 24; 0 when unset.'),
  severityText: z.string().describe('Severity as the sender names it; empty when unset.'),
};

/** The schema of a log record. */
const logView = z
  .object({
    key: recordKey,
    timeUnixNano,
    observedTimeUnixNano: timeUnixNano,
    ...severity,
    body: anyValue.optional(),
    eventName: z.string().describe('Name of the event, for a record that is one; else empty.'),
    service: serviceName,
    traceId,
    spanId,
    flags: z.number().describe('Trace flags of W3C in the lowest 8 bits.'),
    ...attributesOf,
    resource: resourceView,
    scope: scopeView,
  })
  .meta({ id: 'Log', description: 'A log record as it was sent.' });

/** The schema of one bar of a histogram of logs. */
const histogramBar = z
  .object({
    fromMs: z.number().describe('Where the bar begins, in ms since the epoch.'),
    counts: z
      .record(z.string(), z.number())
      .describe('Logs by severity band: trace, debug, info, warn, error, fatal, unset.'),
  })
  .meta({ id: 'HistogramBar', description: 'How many logs fall into one part of the range.' });

/** The schema of a page of logs. */
export const logsAnswer = z.object({
  ...ranged,
  logs: z.array(logView).describe('Log records by time, newest first unless `order` is `asc`.'),
  cursor,
  ...fresh,
});

/** The schema of the number of logs over time. */
export const logHistogramAnswer = z.object({
  ...ranged,
  bars: z.array(histogramBar).describe('Equal parts of the range, oldest first.'),
  ...fresh,
});

/** The schema of a line of the live tail: the data of an event `log`. */
export const tailLine = z
  .object({
    id: z.string().describe('Place in the tail: `afterId` goes on behind it.'),
    signal: z.literal('logs').describe('Signal of the record.'),
    key: recordKey,
    timeUnixNano,
    service: serviceName,
    traceId,
    spanId,
    text: z.string().describe('Body or event name, cut to 4,000 characters.'),
    isCut: z.boolean().describe('Whether the text was longer.'),
    ...severity,
  })
  .meta({ id: 'TailLine', description: 'A line of the live tail.' });

/** A log record as it was sent. */
export type LogView = z.output<typeof logView>;
/** How many logs fall into one part of the range, by severity band. */
export type HistogramBar = z.output<typeof histogramBar>;
/** A page of logs. */
export type LogsAnswer = z.output<typeof logsAnswer>;
/** The number of logs over time. */
export type LogHistogramAnswer = z.output<typeof logHistogramAnswer>;
