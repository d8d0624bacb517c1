import type { AnswerRoom, TimeRange } from '@spillway/store';
import { weigh } from '@spillway/store/search';
import { z } from 'zod';
import type { Api } from '../query/api.ts';
import { route } from '../query/route.ts';
import { wholeList } from '../query/whole-list.ts';
import { limit, noParameters, parameters, range, readRange, text } from '../schema/parameters.ts';
import {
  mapAnswer,
  operationsAnswer,
  type Source,
  servicesAnswer,
} from '../schema/service-answers.ts';

const limitMax = 1_000;
const list = parameters({ ...range, limit: limit({ max: limitMax, by: limitMax }) });

const listServices = route({
  path: '/api/services',
  tag: 'services',
  summary: 'Services with their rates, errors and durations',
  query: list,
  params: noParameters,
  answer: servicesAnswer,
});

const listOperations = route({
  path: '/api/services/:service/operations',
  tag: 'services',
  summary: 'The operations of a service',
  query: list,
  params: z.object({ service: text().describe('Name of the service.') }),
  answer: operationsAnswer,
});

const showMap = route({
  path: '/api/map',
  tag: 'services',
  summary: 'Which service calls which',
  description: 'Reaches back as far as the live roll-ups do: `store.live.windowMinutes`.',
  query: parameters(range),
  params: noParameters,
  answer: mapAnswer,
});

/**
 * Adds services, operations and the service map: live roll-ups inside their window, else the search
 * store.
 */
export function addServiceRoutes(api: Api): void {
  const { search, live, config } = api.options;
  // The rest of the answer is short.
  const bytesMax = config.answerBytesMax - 16_384;

  api.get(listServices, async ({ tenant, query, nowMs, ending, room }) => {
    const { limit, ...times } = query;
    const span = readRange(times, nowMs);
    const source = sourceOf(api, span, nowMs);
    const services =
      source === 'live'
        ? await ofLive(room, live.services({ ...span, tenant, ending, room }))
        : await search.services({ ...span, tenant, limit, ending, room });
    const { items, truncated } = wholeList(services, { rowsMax: limit, bytesMax });
    return { sink: source, body: { ...span, source, services: items, truncated } };
  });

  api.get(listOperations, async ({ tenant, query, params, nowMs, ending, room }) => {
    const { limit, ...times } = query;
    const { service } = params;
    const span = readRange(times, nowMs);
    const source = sourceOf(api, span, nowMs);
    const operations =
      source === 'live'
        ? await ofLive(room, live.operations({ ...span, tenant, service, ending, room }))
        : await search.operations({ ...span, tenant, service, limit, ending, room });
    const { items, truncated } = wholeList(operations, { rowsMax: limit, bytesMax });
    return { sink: source, body: { ...span, source, operations: items, truncated } };
  });

  api.get(showMap, async ({ tenant, query, nowMs, ending, room }) => {
    const span = readRange(query, nowMs);
    const edges = await ofLive(room, live.map({ ...span, tenant, ending, room }));
    const { items, truncated } = wholeList(edges, { rowsMax: limitMax, bytesMax });
    return { sink: 'live', body: { ...span, edges: items, truncated } };
  });
}

/** The limits of names bound them; they count when they are there. */
async function ofLive<T>(room: AnswerRoom, asked: Promise<T[]>): Promise<T[]> {
  const rows = await asked;
  await room.take(weigh(rows));
  return rows;
}

/** Live roll-ups cost nothing to ask, but reach back only so far. */
function sourceOf(api: Api, span: TimeRange, nowMs: number): Source {
  const { live } = api.options;
  return live.health().ok && span.fromMs >= nowMs - live.windowMs ? 'live' : 'search';
}
