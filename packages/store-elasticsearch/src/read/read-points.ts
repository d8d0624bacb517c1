import type { ExemplarView, MetricQuery, Page, PointView, TimeRange } from '@spillway/store';
import { pageLimit, readCursor, weigh, writeCursor } from '@spillway/store/search';
import { itemsOf } from '../write/items.ts';
import type { ExactPoint } from '../write/point-document.ts';
import { equals, hasAttributes, sortValues } from './filters.ts';
import { exemplarNumber, pointView } from './point-view.ts';
import type { Reader } from './reader.ts';
import { labelsOf } from './series-info.ts';

export interface PointsQuery extends TimeRange {
  tenant: string;
  name: string;
  limit: number;
  cursor?: string | undefined;
}

/** The points of a metric as they were sent, oldest first. */
export async function readPoints(reader: Reader, query: PointsQuery): Promise<Page<PointView>> {
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor, ['ms', 'safe']);
  const limit = pageLimit(query.limit);
  const body = {
    query: { bool: { filter: [...reader.inRange(query), ...equals('name', query.name)] } },
    sort: [{ '@timestamp': 'asc' as const }, { tie: 'asc' as const }],
    ...(after && { search_after: sortValues(after) }),
  };
  const hits = reader.walk('metrics', body, limit + 1);
  const { items, isCut, last } = await itemsOf(reader, hits, {
    limit,
    view: ({ _source }) => pointView(_source?.exact as Parameters<typeof pointView>[0]),
  });
  return { items, cursor: isCut && last ? writeCursor(last as number[]) : undefined };
}

const exemplarsMax = 200;

/** Reads the exemplars that have a trace id, from the newest points, 200 at most. */
export async function readExemplars(reader: Reader, query: MetricQuery): Promise<ExemplarView[]> {
  const filter = [
    ...reader.inRange(query),
    ...equals('name', query.name),
    ...equals('service', query.service),
    ...hasAttributes(query.attributes),
    { term: { has_exemplar: true } },
  ];
  const body = {
    query: { bool: { filter } },
    sort: [{ '@timestamp': 'desc' as const }, { tie: 'asc' as const }],
    _source: ['exact.exemplars', 'exact.attributes', 'exact.service'],
  };
  const found: ExemplarView[] = [];
  for await (const { _source, sort } of reader.walk('metrics', body, exemplarsMax)) {
    const more = exemplarsOf(_source?.exact as ExactPoint, Number(sort?.[0]), query);
    const kept = more.slice(0, exemplarsMax - found.length);
    await reader.room.take(weigh(kept));
    found.push(...kept);
    if (found.length === exemplarsMax) break;
  }
  return found;
}

function exemplarsOf(point: ExactPoint, pointMs: number, query: MetricQuery): ExemplarView[] {
  const labels = labelsOf(query, point);
  return point.exemplars
    .filter(({ traceId }) => traceId !== '')
    .map(({ timeUnixNano, value, traceId, spanId }) => ({
      timeMs: timeUnixNano === '0' ? pointMs : Number(BigInt(timeUnixNano) / 1_000_000n),
      value: exemplarNumber(value),
      traceId,
      spanId,
      labels,
    }));
}
