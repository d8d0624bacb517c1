import type { ExemplarView, MetricQuery, Page, PointView, TimeRange } from '@spillway/store';
import { pageLimit, readCursor, writeCursor } from '@spillway/store/search';
import { equals, hasAttributes, sortValues } from './filters.ts';
import type { ExactPoint } from './point-document.ts';
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
  const hits = await reader.hits('metrics', {
    query: { bool: { filter: [...reader.inRange(query), ...equals('name', query.name)] } },
    sort: [{ '@timestamp': 'asc' }, { tie: 'asc' }],
    size: limit + 1,
    ...(after && { search_after: sortValues(after) }),
  });
  const page = hits.slice(0, limit);
  const last = page.at(-1)?.sort;
  return {
    items: page.map(({ _source }) => pointView(_source?.exact as Parameters<typeof pointView>[0])),
    cursor: hits.length > limit && last ? writeCursor(last as number[]) : undefined,
  };
}

const exemplarsMax = 200;

/** Those with a trace id, of the newest points that have any. */
export async function readExemplars(reader: Reader, query: MetricQuery): Promise<ExemplarView[]> {
  const filter = [
    ...reader.inRange(query),
    ...equals('name', query.name),
    ...equals('service', query.service),
    ...hasAttributes(query.attributes),
    { term: { has_exemplar: true } },
  ];
  const hits = await reader.hits('metrics', {
    query: { bool: { filter } },
    sort: [{ '@timestamp': 'desc' }, { tie: 'asc' }],
    size: exemplarsMax,
    _source: ['exact.exemplars', 'exact.attributes', 'exact.service'],
  });
  const exemplars = hits.flatMap(({ _source, sort }) =>
    exemplarsOf(_source?.exact as ExactPoint, Number(sort?.[0]), query),
  );
  return exemplars.slice(0, exemplarsMax);
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
