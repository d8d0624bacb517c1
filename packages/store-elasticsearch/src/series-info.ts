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

/** Read from one point of each series. Series come one after the other: few need to be kept. */
export class SeriesInfos {
  readonly #reader: Reader;
  readonly #query: MetricQuery;
  readonly #filter: Query[];
  #kept = new Map<string, SeriesInfo>();

  constructor(reader: Reader, query: MetricQuery, filter: Query[]) {
    this.#reader = reader;
    this.#query = query;
    this.#filter = filter;
  }

  async of(seriesKeys: readonly string[]): Promise<ReadonlyMap<string, SeriesInfo>> {
    const keys = new Set(seriesKeys);
    this.#kept = new Map([...this.#kept].filter(([key]) => keys.has(key)));
    const missing = [...keys].filter((key) => !this.#kept.has(key));
    if (missing.length === 0) return this.#kept;
    const hits = await this.#reader.hits('metrics', {
      query: { bool: { filter: [...this.#filter, { terms: { series: missing } }] } },
      collapse: { field: 'series' },
      size: missing.length,
      _source: ['exact.attributes', 'exact.service', 'exact.metric'],
    });
    for (const hit of hits) this.#kept.set(...infoOf(hit, this.#query));
    return this.#kept;
  }
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
