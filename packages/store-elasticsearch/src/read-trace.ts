import type { SpanView } from '@spillway/store';
import type { Hit } from './client.ts';
import { parseId } from './filters.ts';
import type { Reader } from './reader.ts';

const spansMax = 10_000;
const pageSize = 2_000;
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
  const spans: SpanView[] = [];
  let after: Hit['sort'];
  do {
    const hits = await reader.hits('traces', {
      query: { bool: { filter } },
      sort,
      size: pageSize,
      ...(after && { search_after: after }),
    });
    for (const { _source } of hits) spans.push(_source?.exact as SpanView);
    after = hits.length < pageSize ? undefined : hits.at(-1)?.sort;
  } while (after && spans.length <= spansMax);
  if (spans.length === 0) return undefined;
  return { spans: spans.slice(0, spansMax), truncated: spans.length > spansMax };
}
