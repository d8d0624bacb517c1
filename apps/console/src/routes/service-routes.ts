import type { AnswerRoom, TimeRange } from '@spillway/store';
import { weigh } from '@spillway/store/search';
import type { Source } from '../answers.ts';
import { paging, range, readParameters, readRange, text } from '../parameters.ts';
import type { Api, Question } from '../query/api.ts';
import { wholeList } from '../query/whole-list.ts';

const limitMax = 1_000;
const spec = { ...range, limit: paging(limitMax).limit };

export function addServiceRoutes(api: Api): void {
  const { search, live, config } = api.options;
  // The rest of the answer is short.
  const bytesMax = config.answerBytesMax - 16_384;

  api.get('/api/services', async ({ tenant, query, nowMs, ending, room }) => {
    const { span, limit } = readListQuery(query, nowMs);
    const store = sourceOf(api, span, nowMs);
    const services =
      store === 'live'
        ? await ofLive(room, live.services({ ...span, tenant, ending, room }))
        : await search.services({ ...span, tenant, limit, ending, room });
    const { items, truncated } = wholeList(services, { rowsMax: limit, bytesMax });
    return { store, body: { ...span, source: store, services: items, truncated } };
  });

  api.get('/api/services/:service/operations', async (question) => {
    const { tenant, query, params, nowMs, ending, room } = question;
    const { span, limit } = readListQuery(query, nowMs);
    const { service = '' } = readParameters({ service: text() }, params, nowMs);
    const store = sourceOf(api, span, nowMs);
    const operations =
      store === 'live'
        ? await ofLive(room, live.operations({ ...span, tenant, service, ending, room }))
        : await search.operations({ ...span, tenant, service, limit, ending, room });
    const { items, truncated } = wholeList(operations, { rowsMax: limit, bytesMax });
    return { store, body: { ...span, source: store, operations: items, truncated } };
  });

  api.get('/api/map', async ({ tenant, query, nowMs, ending, room }) => {
    const span = readRange(readParameters(range, query, nowMs), nowMs);
    const edges = await ofLive(room, live.map({ ...span, tenant, ending, room }));
    const { items, truncated } = wholeList(edges, { rowsMax: limitMax, bytesMax });
    return { store: 'live', body: { ...span, edges: items, truncated } };
  });
}

function readListQuery(query: Question['query'], nowMs: number) {
  const parsed = readParameters(spec, query, nowMs);
  return { span: readRange(parsed, nowMs), limit: parsed.limit ?? limitMax };
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
