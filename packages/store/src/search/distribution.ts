/**
 * Explicit-bucket and exponential histograms, their differences and their quantiles.
 * Source: OpenTelemetry metrics data model, "Histogram" and "ExponentialHistogram".
 */
/** Bucket counts as decimal strings, doubles as `doubleToJson` writes them. */
export interface Shape {
  bucketCounts?: string[];
  explicitBounds?: (number | string)[];
  scale?: number;
  zeroCount?: string;
  zeroThreshold?: number | string;
  positive?: TextBuckets;
  negative?: TextBuckets;
  quantiles?: { quantile: number | string; value: number | string }[];
}

/** Buckets of a histogram as a store keeps them. */
export interface TextBuckets {
  offset: number;
  bucketCounts: string[];
}

/** Buckets with their bounds, for quantiles. */
export type Distribution = Explicit | Exponential;

interface Explicit {
  type: 'explicit';
  bounds: number[];
  counts: number[];
}

interface Exponential {
  type: 'exponential';
  scale: number;
  zeroCount: number;
  zeroThreshold: number;
  /** Bucket index to count. */
  positive: Map<number, number>;
  negative: Map<number, number>;
}

/** Reads the distribution of a histogram point; undefined when it came without buckets. */
export function parseDistribution(shape: Shape): Distribution | undefined {
  if (shape.scale !== undefined) {
    return {
      type: 'exponential',
      scale: shape.scale,
      zeroCount: Number(shape.zeroCount ?? 0),
      zeroThreshold: Number(shape.zeroThreshold ?? 0),
      positive: bucketMap(shape.positive),
      negative: bucketMap(shape.negative),
    };
  }
  const bounds = shape.explicitBounds?.map(Number) ?? [];
  const counts = shape.bucketCounts?.map(Number) ?? [];
  return counts.length === 0 ? undefined : { type: 'explicit', bounds, counts };
}

function bucketMap(buckets: TextBuckets | undefined): Map<number, number> {
  const { offset = 0, bucketCounts = [] } = buckets ?? {};
  return new Map(bucketCounts.map((count, i) => [offset + i, Number(count)]));
}

/** What was observed between two points of one cumulative series; all of `now` if they differ. */
export function difference(now: Distribution, before: Distribution): Distribution {
  if (now.type === 'explicit') {
    const isAlike = before.type === 'explicit' && String(before.bounds) === String(now.bounds);
    if (!isAlike) return now;
    return { ...now, counts: now.counts.map((count, i) => grown(count, before.counts[i])) };
  }
  if (before.type === 'explicit') return now;
  const scale = Math.min(now.scale, before.scale);
  const [a, b] = [rescaled(now, scale), rescaled(before, scale)];
  return {
    ...a,
    zeroCount: grown(a.zeroCount, b.zeroCount),
    positive: new Map([...a.positive].map(([i, n]) => [i, grown(n, b.positive.get(i))])),
    negative: new Map([...a.negative].map(([i, n]) => [i, grown(n, b.negative.get(i))])),
  };
}

function grown(now: number, before = 0): number {
  return Math.max(0, now - before);
}

/** Halving the scale merges neighbouring buckets two by two. */
function rescaled(of: Exponential, scale: number): Exponential {
  const shift = of.scale - scale;
  if (shift === 0) return of;
  return {
    ...of,
    scale,
    positive: merged(of.positive, shift),
    negative: merged(of.negative, shift),
  };
}

function merged(buckets: Map<number, number>, shift: number): Map<number, number> {
  const result = new Map<number, number>();
  for (const [index, count] of buckets) {
    const wider = Math.floor(index / 2 ** shift);
    result.set(wider, (result.get(wider) ?? 0) + count);
  }
  return result;
}

interface Interval {
  low: number;
  high: number;
  count: number;
}

const mixtureBytes = 200;
/** An object of three numbers, and the text that it is found by. */
const intervalBytes = 250;

/** Any distributions added up, as intervals of values with their counts. */
export class Mixture {
  readonly #intervals = new Map<string, Interval>();
  #total = 0;

  add(distribution: Distribution): void {
    for (const { low, high, count } of intervalsOf(distribution)) {
      if (count === 0) continue;
      const name = `${low}:${high}`;
      const interval = this.#intervals.get(name) ?? { low, high, count: 0 };
      interval.count += count;
      this.#intervals.set(name, interval);
      this.#total += count;
    }
  }

  /** About, in memory. */
  get bytes(): number {
    return mixtureBytes + this.#intervals.size * intervalBytes;
  }

  /** Linear inside a bucket; an endless bucket answers with its finite bound. Null when empty. */
  quantile(q: number): number | null {
    const sorted = [...this.#intervals.values()].sort((a, b) => a.high - b.high || a.low - b.low);
    let rank = q * this.#total;
    for (const { low, high, count } of sorted) {
      if (rank > count) {
        rank -= count;
        continue;
      }
      if (low === -Infinity) return high;
      return high === Infinity ? low : low + (high - low) * (rank / count);
    }
    const last = sorted.at(-1);
    return last ? (last.high === Infinity ? last.low : last.high) : null;
  }
}

function* intervalsOf(distribution: Distribution): Generator<Interval> {
  if (distribution.type === 'explicit') {
    const { bounds, counts } = distribution;
    for (const [i, count] of counts.entries()) {
      const high = bounds[i] ?? Infinity;
      // Measurements are rarely negative: the first bucket begins at 0 when it can.
      const low = i === 0 ? (high > 0 ? 0 : -Infinity) : (bounds[i - 1] ?? -Infinity);
      yield { low, high, count };
    }
    return;
  }
  const { scale, zeroCount, zeroThreshold, positive, negative } = distribution;
  const bound = (index: number) => 2 ** (index * 2 ** -scale);
  yield { low: -zeroThreshold, high: zeroThreshold, count: zeroCount };
  for (const [i, count] of positive) yield { low: bound(i), high: bound(i + 1), count };
  for (const [i, count] of negative) yield { low: -bound(i + 1), high: -bound(i), count };
}
