import { describe, expect, it } from 'vitest';
import type { MetricFamily } from './family.ts';
import { problemsOf } from './naming.ts';
import { emptyListsIn, WatchedStats } from './watched-stats.ts';

interface MetricsContractOptions<Source> {
  families: readonly MetricFamily<Source>[];
  /** What a running part gives; every list in it has at least one entry. */
  source: () => Source | Promise<Source>;
  /** Stats that are no metric, by their path as the test names it, with the reason. */
  notMetrics?: Readonly<Record<string, string>>;
}

/** What every package that declares metrics runs: names, helps, labels, and no stat without a family. */
export function metricsContract<Source extends object>(
  part: string,
  { families, source, notMetrics = {} }: MetricsContractOptions<Source>,
): void {
  describe(`metrics of ${part}`, () => {
    it('have names, units and helps that an operator can use', () => {
      const wrong = families.flatMap((family) =>
        problemsOf(family).map((problem) => `${family.name}: ${problem}`),
      );
      expect(wrong).toEqual([]);
    });

    it('are one family for each name', () => {
      const names = families.map(({ name }) => name);
      expect(names).toEqual([...new Set(names)]);
    });

    it('have the labels that are declared, each sample all of them', async () => {
      const stats = await source();
      for (const family of families) {
        const labels = [...family.labels].sort();
        for (const sample of family.read(stats)) {
          expect(Object.keys(sample.labels).sort(), family.name).toEqual(labels);
        }
      }
    });

    it('leave out no stat without a reason', async () => {
      const stats = await source();
      expect(emptyListsIn(stats)).toEqual([]);
      const watched = new WatchedStats(stats);
      for (const family of families) {
        const samples = family.read(watched.stats);
        // A histogram is shown whole.
        if (family.type === 'histogram') JSON.stringify(samples);
      }
      expect(watched.unread().sort()).toEqual(Object.keys(notMetrics).sort());
    });
  });
}
