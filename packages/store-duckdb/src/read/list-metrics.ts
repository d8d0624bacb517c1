import type { DuckDBConnection } from '@duckdb/node-api';
import type { KeyValue } from '@spillway/otlp';
import { type Asked, type MetricInfo, ownRoom, type TimeRange } from '@spillway/store';
import { listFromJson, pageLimit } from '@spillway/store/search';
import { metricOf } from '../write/point-rows.ts';
import { answerRows } from './answer-rows.ts';
import { Parameters, type ResultRow } from './parameters.ts';

export interface MetricsQuery extends TimeRange, Asked {
  tenant: string;
  limit: number;
  /** Contained in the name or the description, in any case. */
  search?: string | undefined;
}

/**
 * Most series of a metric that are read to learn the keys of its attributes, and none with more
 * text than that.
 */
const seriesLookedAt = 50;
const attributesBytesMax = 4_096;

/** The metrics with a point in the range, by name; a name sent as two types is there twice. */
export async function listMetrics(
  connection: DuckDBConnection,
  query: MetricsQuery,
): Promise<MetricInfo[]> {
  const p = new Parameters();
  const search = query.search?.toLowerCase() ?? '';
  return await selectMetrics(connection, query, p, [
    `(contains(lower(name), ${p.bind(search)}) OR contains(lower(description), ${p.bind(search)}))`,
  ]);
}

export async function findMetric(
  connection: DuckDBConnection,
  query: TimeRange & Asked & { tenant: string; name: string },
): Promise<MetricInfo | undefined> {
  const p = new Parameters();
  const isNamed = `name = ${p.bind(query.name)}`;
  const [info] = await selectMetrics(connection, { ...query, limit: 1 }, p, [isNamed]);
  return info;
}

async function selectMetrics(
  connection: DuckDBConnection,
  query: MetricsQuery,
  p: Parameters,
  conditions: readonly string[],
): Promise<MetricInfo[]> {
  const name = 'name, type, temporality, monotonic, unit';
  const sql = `WITH found AS (
      SELECT ${name}, description, service, attributes,
        row_number() OVER (PARTITION BY ${name} ORDER BY id) AS nth
      FROM series
      WHERE tenant = ${p.bind(query.tenant)} AND ${conditions.join(' AND ')} AND id IN (
        SELECT series FROM point WHERE tenant = ${p.bind(query.tenant)}
        AND time_ms >= ${p.bind(Math.ceil(query.fromMs))}
        AND time_ms < ${p.bind(Math.ceil(query.toMs))}))
    SELECT ${name}, max(description) AS description, NULL AS metadata,
      list_sort(list(DISTINCT service)) AS services,
      coalesce(list(DISTINCT attributes) FILTER (nth <= ${seriesLookedAt}
        AND strlen(attributes) <= ${attributesBytesMax}), []) AS attribute_lists
    FROM found GROUP BY ${name} ORDER BY ${name} LIMIT ${p.bind(pageLimit(query.limit))}`;
  const statement = {
    sql,
    parameters: p,
    columns: 10,
    order: name,
    texts: ['name', 'unit', 'description'],
    lists: ['services', 'attribute_lists'],
  };
  const rows = await answerRows(connection, statement, query.room ?? ownRoom());
  return rows.map(metricInfo);
}

function metricInfo(row: ResultRow): MetricInfo {
  const { metadata: _, ...metric } = metricOf(row);
  const lists = (row.attribute_lists as { items: string[] }).items;
  const keys = lists.flatMap((list) => listFromJson<KeyValue>(list).map(({ key }) => key));
  return {
    ...metric,
    services: (row.services as { items: string[] }).items,
    attributeKeys: [...new Set(keys)].sort(),
  };
}
