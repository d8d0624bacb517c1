import type { Api } from '../query/api.ts';
import { route } from '../query/route.ts';
import { logHistogramAnswer, logsAnswer } from '../schema/log-answers.ts';
import {
  attributes,
  cursor,
  hexId,
  limit,
  noParameters,
  oneOf,
  parameters,
  range,
  readRange,
  severity,
  text,
  whole,
} from '../schema/parameters.ts';

const filters = {
  query: text().optional().describe('Words that the body or an attribute contains, all of them.'),
  traceId: hexId(32).optional().describe('Logs of this trace.'),
  spanId: hexId(16).optional().describe('Logs of this span.'),
  service: text().optional().describe('Logs of this service.'),
  severity: severity.optional(),
  ...attributes,
  ...range,
};

const findLogs = route({
  path: '/api/logs',
  tag: 'telemetry',
  summary: 'Find logs',
  query: parameters({
    ...filters,
    order: oneOf(['asc', 'desc']).default('desc').describe('Order by time.'),
    limit: limit({ max: 1_000, by: 100 }),
    cursor,
  }),
  params: noParameters,
  answer: logsAnswer,
});

const logHistogram = route({
  path: '/api/logs/histogram',
  tag: 'telemetry',
  summary: 'Count logs over time',
  description: 'The range in equal parts, each with the number of its logs by severity.',
  query: parameters({
    ...filters,
    bars: whole({ min: 1, max: 500 }).default(60).describe('Number of equal parts of the range.'),
  }),
  params: noParameters,
  answer: logHistogramAnswer,
});

/** Adds the search for logs and their histogram, both answered by the search store. */
export function addLogRoutes(api: Api): void {
  const { search } = api.options;

  api.get(findLogs, async ({ tenant, query, nowMs, ending, room }) => {
    const { from, to, severity: severityMin, 'attr.*': attributes, ...rest } = query;
    const span = readRange({ from, to }, nowMs);
    const asked = { ...rest, ...span, tenant, severityMin, attributes, ending, room };
    const page = await search.findLogs(asked);
    return { sink: 'search', body: { ...span, logs: page.items, cursor: page.cursor } };
  });

  api.get(logHistogram, async ({ tenant, query, nowMs, ending, room }) => {
    const { from, to, severity: severityMin, 'attr.*': attributes, ...rest } = query;
    const span = readRange({ from, to }, nowMs);
    const asked = { ...rest, ...span, tenant, severityMin, attributes, ending, room };
    const bars = await search.logHistogram({ ...asked, limit: 100 });
    return { sink: 'search', body: { ...span, bars } };
  });
}
