import type { MetricInfo, TimeRange } from '@spillway/store';
import { pageLimit, weigh } from '@spillway/store/search';
import { equals } from './filters.ts';
import type { Bucket, CompositeBucket, Query, Reader } from './reader.ts';

export interface MetricsQuery extends TimeRange {
  tenant: string;
  limit: number;
  /** Contained in the name or the description, in any case. */
  search?: string | undefined;
}

/** An answer of Elasticsearch has at most 65,536 buckets. */
const metricsPerPage = 100;
const servicesMax = 300;
const attributeKeysMax = 200;

/** The metrics with a point in the range, by name; a name sent as two types is there twice. */
export function listMetrics(reader: Reader, query: MetricsQuery): Promise<MetricInfo[]> {
  const search = query.search ?? '';
  return search === '' ? select(reader, query, []) : select(reader, query, [contains(search)]);
}

export async function findMetric(
  reader: Reader,
  query: TimeRange & { tenant: string; name: string },
): Promise<MetricInfo | undefined> {
  const [info] = await select(reader, { ...query, limit: 1 }, equals('name', query.name));
  return info;
}

function contains(text: string): Query {
  const value = `*${text.replace(/[*?\\]/g, '\\$&')}*`;
  const should = ['name', 'description'].map((field) => ({
    wildcard: { [field]: { value, case_insensitive: true } },
  }));
  return { bool: { should } };
}

async function select(
  reader: Reader,
  query: MetricsQuery,
  conditions: Query[],
): Promise<MetricInfo[]> {
  const filter = [...reader.inRange(query), ...conditions];
  const metrics = reader.composite('metrics', filter, {
    pageSize: metricsPerPage,
    sources: ['name', 'type', 'temporality', 'monotonic', 'unit'].map((field) => ({
      [field]: { terms: { field } },
    })),
    aggs: {
      description: { terms: { field: 'description', size: 1, order: { _key: 'desc' } } },
      services: { terms: { field: 'service', size: servicesMax, order: { _key: 'asc' } } },
      keys: { terms: { field: 'attribute_key', size: attributeKeysMax, order: { _key: 'asc' } } },
    },
  });
  const limit = pageLimit(query.limit);
  const found: MetricInfo[] = [];
  for await (const page of metrics) {
    const more = page.slice(0, limit - found.length).map(metricInfo);
    await reader.room.take(weigh(more));
    found.push(...more);
    if (found.length >= limit) break;
  }
  return found;
}

function metricInfo(bucket: CompositeBucket): MetricInfo {
  const { name, type, temporality, monotonic, unit } = bucket.key;
  return {
    name: name as string,
    description: keysOf(bucket.description)[0] ?? '',
    unit: unit as string,
    type: type as MetricInfo['type'],
    temporality: temporality as number,
    monotonic: monotonic as boolean,
    services: keysOf(bucket.services),
    attributeKeys: keysOf(bucket.keys),
  };
}

function keysOf(aggregation: unknown): string[] {
  return (aggregation as { buckets: Bucket[] }).buckets.map(({ key }) => key);
}
