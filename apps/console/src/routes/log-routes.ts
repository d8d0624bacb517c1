import {
  hexId,
  oneOf,
  type Parsed,
  paging,
  range,
  readParameters,
  readRange,
  severity,
  splitAttributes,
  text,
  whole,
} from '../parameters.ts';
import type { Api, Question } from '../query/api.ts';

const limitDefault = 100;
const barsDefault = 60;
const filters = {
  query: text(),
  traceId: hexId(32),
  spanId: hexId(16),
  service: text(),
  severity,
  ...range,
};
const listSpec = { ...filters, order: oneOf(['asc', 'desc']), ...paging(1_000) };
const barsSpec = { ...filters, bars: whole({ min: 1, max: 500 }) };

export function addLogRoutes(api: Api): void {
  const { search } = api.options;

  api.get('/api/logs', async (question) => {
    const { span, attributes, parsed } = readLogQuery(listSpec, question);
    const { severity: severityMin, limit, from, to, ...rest } = parsed;
    const page = await search.findLogs({
      ...rest,
      ...span,
      tenant: question.tenant,
      ending: question.ending,
      room: question.room,
      severityMin,
      attributes,
      limit: limit ?? limitDefault,
    });
    return { store: 'search', body: { ...span, logs: page.items, cursor: page.cursor } };
  });

  api.get('/api/logs/histogram', async (question) => {
    const { span, attributes, parsed } = readLogQuery(barsSpec, question);
    const { severity: severityMin, bars, from, to, ...rest } = parsed;
    const answer = await search.logHistogram({
      ...rest,
      ...span,
      tenant: question.tenant,
      ending: question.ending,
      room: question.room,
      severityMin,
      attributes,
      limit: limitDefault,
      bars: bars ?? barsDefault,
    });
    return { store: 'search', body: { ...span, bars: answer } };
  });
}

function readLogQuery<S extends typeof filters>(spec: S, { query, nowMs }: Question) {
  const { rest, attributes } = splitAttributes(query);
  const parsed = readParameters(spec, rest, nowMs);
  return { span: readRange(parsed as Parsed<typeof filters>, nowMs), attributes, parsed };
}
