import type { KeyValue } from '@spillway/otlp';
import type { MetricInfo, MetricQuery } from '@spillway/store';
import { scalarText } from '@spillway/store/search';
import type { Hit } from './client.ts';
import type { Query, Reader } from './reader.ts';

/** What the points of a series share. */
export interface SeriesInfo {
  labels: Record<string, string>;
  isGauge: boolean;
  /** Histogram or summary. */
  isDistribution: boolean;
  isDelta: boolean;
  /** A smaller value than before means that it began anew. */
  onlyGrows: boolean;
}

interface Labelled {
  service: string;
  attributes: readonly KeyValue[];
}

/** '' for an attribute that is absent or has no scalar value. */
export function labelsOf({ groupBy }: MetricQuery, point: Labelled): Record<string, string> {
  return Object.fromEntries(
    groupBy.map((key) => [key, key === 'service' ? point.service : attributeText(point, key)]),
  );
}

function attributeText({ attributes }: Labelled, key: string): string {
  const pair = attributes.find((attribute) => attribute.key === key);
  return (pair && scalarText(pair.value)) ?? '';
}

/** Asks for one point of each series. */
export async function readSeriesInfo(
  reader: Reader,
  query: MetricQuery,
  { filter, series }: { filter: Query[]; series: readonly string[] },
): Promise<Map<string, SeriesInfo>> {
  const hits = await reader.hits('metrics', {
    query: { bool: { filter: [...filter, { terms: { series: [...series] } }] } },
    collapse: { field: 'series' },
    size: series.length,
    _source: ['exact.attributes', 'exact.service', 'exact.metric'],
  });
  return new Map(hits.map((hit) => infoOf(hit, query)));
}

function infoOf({ fields, _source }: Hit, query: MetricQuery): [string, SeriesInfo] {
  const exact = _source?.exact as Labelled & { metric: MetricInfo };
  const { type, temporality, monotonic } = exact.metric;
  const isDistribution = type !== 'gauge' && type !== 'sum';
  const info = {
    labels: labelsOf(query, exact),
    isGauge: type === 'gauge',
    isDistribution,
    isDelta: temporality === 1,
    onlyGrows: monotonic || isDistribution,
  };
  return [String(fields?.series?.[0]), info];
}
