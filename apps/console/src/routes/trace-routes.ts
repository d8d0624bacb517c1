import { z } from 'zod';
import type { Api } from '../query/api.ts';
import { route } from '../query/route.ts';
import {
  attributes,
  cursor,
  hexId,
  limit,
  noParameters,
  number,
  oneOf,
  parameters,
  range,
  readRange,
  text,
} from '../schema/parameters.ts';
import { traceAnswer, tracesAnswer } from '../schema/trace-answers.ts';

const durationMs = number({ min: 0, max: 7 * 86_400_000 }).optional();

const findTraces = route({
  path: '/api/traces',
  tag: 'telemetry',
  summary: 'Find traces',
  description: 'Traces with a span that lies in the range and matches every parameter.',
  query: parameters({
    service: text().optional().describe('Traces with a span of this service.'),
    operation: text().optional().describe('Traces with a span of this name.'),
    minDurationMs: durationMs.describe('Shortest duration of the trace, in ms.'),
    maxDurationMs: durationMs.describe('Longest duration of the trace, in ms.'),
    status: oneOf(['ok', 'error']).optional().describe('`error`: traces with a failed span.'),
    ...attributes,
    ...range,
    limit: limit({ max: 1_000, by: 50 }),
    cursor,
  }),
  params: noParameters,
  answer: tracesAnswer,
});

const showTrace = route({
  path: '/api/traces/:traceId',
  tag: 'telemetry',
  summary: 'One trace with its spans',
  query: noParameters,
  params: z.object({ traceId: hexId(32).describe('32 hex digits.') }),
  answer: traceAnswer,
  mayBeMissing: true,
});

/** Adds the search for traces and the view of one, both answered by the search store. */
export function addTraceRoutes(api: Api): void {
  const { search } = api.options;

  api.get(findTraces, async ({ tenant, query, nowMs, ending, room }) => {
    const { from, to, 'attr.*': attributes, ...filters } = query;
    const span = readRange({ from, to }, nowMs);
    const asked = { ...filters, ...span, tenant, attributes, ending, room };
    const page = await search.findTraces(asked);
    return { sink: 'search', body: { ...span, traces: page.items, cursor: page.cursor } };
  });

  api.get(showTrace, async ({ tenant, params: { traceId }, ending, room }) => {
    const found = await search.trace(tenant, traceId, { ending, room });
    return { sink: 'search', body: found && { traceId, ...found } };
  });
}
