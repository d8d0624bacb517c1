import type { SpanView } from '@spillway/store';
import { itemsOf } from '../write/items.ts';
import { parseId } from './filters.ts';
import type { Reader } from './reader.ts';

const spansMax = 10_000;
const sort = ['start_us', 'start_ns', 'position', 'record', 'tie'].map((field) => ({
  [field]: 'asc' as const,
}));

export async function readTrace(
  reader: Reader,
  tenant: string,
  traceId: string,
): Promise<{ spans: SpanView[]; truncated: boolean } | undefined> {
  const id = parseId(traceId, 32);
  if (id === undefined) return undefined;
  const filter = [
    { term: { tenant } },
    { term: { trace_id: id } },
    { range: { '@timestamp': { gte: reader.horizonMs } } },
  ];
  const body = { query: { bool: { filter } }, sort };
  const hits = reader.walk('traces', body, spansMax + 1);
  const { items: spans, isCut } = await itemsOf(reader, hits, {
    limit: spansMax,
    view: ({ _source }) => _source?.exact as SpanView,
  });
  return spans.length === 0 ? undefined : { spans, truncated: isCut };
}
