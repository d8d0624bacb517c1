import type { KeyValue } from '@spillway/otlp';
import { isStoreError, type MetricInfo, type MetricQuery } from '@spillway/store';
import { scalarText } from '@spillway/store/search';
import type { Hit } from '../client.ts';
import type { Query, Reader } from './reader.ts';

const seriesPerRequest = 500;

/** What the points of a series share. */
export interface SeriesInfo {
  labels: Record<string, string>;
  isGauge: boolean;
  /** Histogram or summary. */
  isDistribution: boolean;
  isDelta: boolean;
  /** A smaller value than before means that it began again. */
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
    for (let from = 0; from < missing.length; from += seriesPerRequest) {
      await this.#learn(missing.slice(from, from + seriesPerRequest));
    }
    return this.#kept;
  }

  /** Attributes may be large: where they are too much for one answer, by halves. */
  async #learn(keys: readonly string[]): Promise<void> {
    const filter = [...this.#filter, { terms: { series: [...keys] } }];
    const body = {
      query: { bool: { filter } },
      collapse: { field: 'series' },
      size: keys.length,
      _source: ['exact.attributes', 'exact.service', 'exact.metric'],
    };
    try {
      for (const hit of await this.#reader.hits('metrics', body)) {
        this.#kept.set(...infoOf(hit, this.#query));
      }
    } catch (error) {
      if (!isStoreError(error, 'too-much-asked') || keys.length <= 1) throw error;
      await this.#learn(keys.slice(0, keys.length >> 1));
      await this.#learn(keys.slice(keys.length >> 1));
    }
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
