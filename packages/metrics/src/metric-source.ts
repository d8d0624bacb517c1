import type { HistogramFamily, MetricFamily, NumberFamily } from './family.ts';

/** A family whose `read` gives the samples as of the last `refresh` of its source. */
export type BoundFamily = NumberFamily<void> | HistogramFamily<void>;

/** A part of the process that has metrics, and their families. */
export interface MetricSource {
  /** A label of `spillway_metrics_unread_total`. */
  readonly name: string;
  readonly families: readonly BoundFamily[];
  /** Reads the part once for all its families, which have no sample until it has. Rejects when it cannot be read. */
  refresh(): Promise<void>;
}

/**
 * Binds families to the part that they read. `read` is called once a scrape; undefined means that
 * the part has nothing to show now.
 */
export function metricSource<Source>(
  name: string,
  families: readonly MetricFamily<Source>[],
  read: () => Source | undefined | Promise<Source | undefined>,
): MetricSource {
  let current: Source | undefined;
  let turn = 0;
  const samplesBy = <T>(ofFamily: (source: Source) => readonly T[]) => {
    return (): readonly T[] => (current === undefined ? [] : ofFamily(current));
  };
  return {
    name,
    families: families.map((family) =>
      family.type === 'histogram'
        ? { ...family, read: samplesBy(family.read) }
        : { ...family, read: samplesBy(family.read) },
    ),
    async refresh() {
      turn += 1;
      const own = turn;
      current = undefined;
      const found = await read();
      // A reading that came too late must not stand in for a later one.
      if (own === turn) current = found;
    },
  };
}
