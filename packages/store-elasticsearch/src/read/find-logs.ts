import type { HistogramBar, LogQuery, LogView, Page } from '@spillway/store';
import { emptyBars, pageLimit, readCursor, writeCursor } from '@spillway/store/search';
import { itemsOf } from '../write/items.ts';
import { equals, hasAttributes, parseId, sortValues } from './filters.ts';
import type { Bucket, Query, Reader } from './reader.ts';

/** Time first; the rest keeps the order in which the log had them. */
const sortFields = ['@timestamp', 'time_us', 'time_ns', 'position', 'record', 'tie'];
const cursorColumns = ['ms', 'safe', 'int32', 'safe', 'int32', 'safe'] as const;

export async function findLogs(reader: Reader, query: LogQuery): Promise<Page<LogView>> {
  const filter = logFilter(reader, query);
  if (filter === undefined) return { items: [], cursor: undefined };
  const limit = pageLimit(query.limit);
  const order = query.order === 'asc' ? 'asc' : 'desc';
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor, cursorColumns);
  const body = {
    query: { bool: { filter } },
    sort: sortFields.map((field) => ({ [field]: order })),
    ...(after && { search_after: sortValues(after) }),
  } as const;
  const hits = reader.walk('logs', body, limit + 1);
  const { items, isCut, last } = await itemsOf(reader, hits, {
    limit,
    view: ({ _source }) => _source?.exact as LogView,
  });
  return { items, cursor: isCut && last ? writeCursor(last as number[]) : undefined };
}

/** Undefined when nothing can match: an id that is none. */
function logFilter(reader: Reader, query: LogQuery): Query[] | undefined {
  const filter = reader.inRange(query);
  for (const [field, text, digits] of [
    ['trace_id', query.traceId, 32],
    ['span_id', query.spanId, 16],
  ] as const) {
    if (text === undefined) continue;
    const id = parseId(text, digits);
    if (id === undefined) return undefined;
    filter.push({ term: { [field]: id } });
  }
  if (query.severityMin !== undefined) {
    filter.push({ range: { severity_number: { gte: query.severityMin } } });
  }
  for (const word of query.query?.split(/\s+/) ?? []) {
    // A word like `refused-corp` is several to Elasticsearch: they must stand side by side.
    if (word !== '') filter.push({ match_phrase: { words: word } });
  }
  return [...filter, ...equals('service', query.service), ...hasAttributes(query.attributes)];
}

/** The range cut into `bars` equal parts; every part is there, also when it is empty. */
export async function logHistogram(
  reader: Reader,
  query: LogQuery & { bars: number },
): Promise<HistogramBar[]> {
  const { widthMs, bars: answer } = emptyBars(query);
  const filter = logFilter(reader, query);
  if (filter === undefined) return answer;
  const found = await reader.aggregate('logs', filter, {
    bars: { ...everyMs(widthMs, query.fromMs), aggs: { bands } },
  });
  for (const bucket of found?.bars?.buckets ?? []) {
    const at = Math.round((Number(bucket.key) - Math.ceil(query.fromMs)) / widthMs);
    const counts = answer[at]?.counts;
    if (counts) Object.assign(counts, bandCounts(bucket));
  }
  return answer;
}

/** Makes the aggregation by equal parts of time, one of which begins at `fromMs`. */
export function everyMs(widthMs: number, fromMs: number) {
  return {
    date_histogram: {
      field: '@timestamp',
      fixed_interval: `${widthMs}ms`,
      offset: `${Math.ceil(fromMs) % widthMs}ms`,
      min_doc_count: 1,
    },
  };
}

/** Source: logs data model, "Field: SeverityNumber". */
const bands = {
  range: {
    field: 'severity_number',
    ranges: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((key, i) => ({
      key,
      from: 1 + 4 * i,
      to: 5 + 4 * i,
    })),
  },
};

function bandCounts(bar: Bucket): Record<string, number> {
  const counts: Record<string, number> = {};
  let unset = bar.doc_count;
  for (const band of (bar.bands as { buckets: Bucket[] }).buckets) {
    if (band.doc_count > 0) counts[band.key] = band.doc_count;
    unset -= band.doc_count;
  }
  if (unset > 0) counts.unset = unset;
  return counts;
}
