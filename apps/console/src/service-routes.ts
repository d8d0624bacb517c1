import type { TimeRange } from '@spillway/store';
import type { Source } from './answers.ts';
import { paging, range, readParameters, readRange, text } from './parameters.ts';
import type { Api } from './routes.ts';
import { wholeList } from './whole-list.ts';

const limitMax = 1_000;
const spec = { ...range, limit: paging(limitMax).limit };

export function addServiceRoutes(api: Api): void {
  const { search, live } = api.options;

  api.get('/api/services', async ({ tenant, query, nowMs, ending }) => {
    const parsed = readParameters(spec, query, nowMs);
    const span = readRange(parsed, nowMs);
    const limit = parsed.limit ?? limitMax;
    const store = sourceOf(api, span, nowMs);
    const services =
      store === 'live'
        ? await live.services({ ...span, tenant, ending })
        : await search.services({ ...span, tenant, limit, ending });
    const { items, truncated } = wholeList(services, limit);
    return { store, body: { ...span, source: store, services: items, truncated } };
  });

  api.get('/api/services/:service/operations', async ({ tenant, query, params, nowMs, ending }) => {
    const parsed = readParameters(spec, query, nowMs);
    const span = readRange(parsed, nowMs);
    const limit = parsed.limit ?? limitMax;
    const { service = '' } = readParameters({ service: text() }, params, nowMs);
    const store = sourceOf(api, span, nowMs);
    const operations =
      store === 'live'
        ? await live.operations({ ...span, tenant, service, ending })
        : await search.operations({ ...span, tenant, service, limit, ending });
    const { items, truncated } = wholeList(operations, limit);
    return { store, body: { ...span, source: store, operations: items, truncated } };
  });

  api.get('/api/map', async ({ tenant, query, nowMs, ending }) => {
    const span = readRange(readParameters(range, query, nowMs), nowMs);
    const { items, truncated } = wholeList(await live.map({ ...span, tenant, ending }), limitMax);
    return { store: 'live', body: { ...span, edges: items, truncated } };
  });
}

/** Live roll-ups cost nothing to ask, but reach back only so far. */
function sourceOf(api: Api, span: TimeRange, nowMs: number): Source {
  const { live } = api.options;
  return live.health().ok && span.fromMs >= nowMs - live.windowMs ? 'live' : 'search';
}
