import type { DuckDBConnection } from '@duckdb/node-api';
import type { KeyValue } from '@spillway/otlp';
import type { MetricInfo, TimeRange } from '@spillway/store';
import { listFromJson, pageLimit } from '@spillway/store/search';
import { Parameters, type ResultRow } from './parameters.ts';
import { metricOf } from './point-rows.ts';

export interface MetricsQuery extends TimeRange {
  tenant: string;
  limit: number;
  /** Contained in the name or the description, in any case. */
  search?: string | undefined;
}

/** Distinct attribute lists read per metric to learn its keys. */
const attributeListsMax = 200;

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
  query: TimeRange & { tenant: string; name: string },
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
  const rows = await p.query(
    connection,
    `SELECT name, type, temporality, monotonic, unit, max(description) AS description,
       NULL AS metadata, list_sort(list(DISTINCT service)) AS services,
       list_slice(list(DISTINCT attributes), 1, ${attributeListsMax}) AS attribute_lists
     FROM series
     WHERE tenant = ${p.bind(query.tenant)} AND ${conditions.join(' AND ')} AND id IN (
       SELECT series FROM point WHERE tenant = ${p.bind(query.tenant)}
       AND time_ms >= ${p.bind(Math.ceil(query.fromMs))}
       AND time_ms < ${p.bind(Math.ceil(query.toMs))})
     GROUP BY name, type, temporality, monotonic, unit
     ORDER BY name, type, temporality, monotonic, unit LIMIT ${p.bind(pageLimit(query.limit))}`,
  );
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
