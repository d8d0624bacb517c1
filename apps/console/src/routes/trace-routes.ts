import {
  hexId,
  number,
  oneOf,
  paging,
  range,
  readParameters,
  readRange,
  splitAttributes,
  text,
} from '../parameters.ts';
import type { Api } from '../query/api.ts';

const limitDefault = 50;
const durationMsMax = 7 * 86_400_000;
const spec = {
  service: text(),
  operation: text(),
  minDurationMs: number({ min: 0, max: durationMsMax }),
  maxDurationMs: number({ min: 0, max: durationMsMax }),
  status: oneOf(['ok', 'error']),
  ...range,
  ...paging(1_000),
};

export function addTraceRoutes(api: Api): void {
  const { search } = api.options;

  api.get('/api/traces', async ({ tenant, query, nowMs, ending, room }) => {
    const { rest, attributes } = splitAttributes(query);
    const { from, to, limit, ...filters } = readParameters(spec, rest, nowMs);
    const span = readRange({ from, to }, nowMs);
    const page = await search.findTraces({
      ...filters,
      ...span,
      tenant,
      attributes,
      limit: limit ?? limitDefault,
      ending,
      room,
    });
    return { store: 'search', body: { ...span, traces: page.items, cursor: page.cursor } };
  });

  api.get('/api/traces/:traceId', async ({ tenant, query, params, nowMs, ending, room }) => {
    readParameters({}, query, nowMs);
    const path = readParameters({ traceId: hexId(32) }, params, nowMs);
    const traceId = path.traceId ?? '';
    const found = await search.trace(tenant, traceId, { ending, room });
    return { store: 'search', body: found && { traceId, ...found } };
  });
}
