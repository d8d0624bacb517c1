import type { MetricPoint } from '@spillway/otlp';
import { TestRecords, testNowMs } from '../test-records.ts';

type MetricOverrides = Partial<MetricPoint['metric']> & { type: MetricPoint['metric']['type'] };

/** Points of one metric `m` at given seconds after `testNowMs`. */
export class PointMaker {
  readonly #records = new TestRecords();
  readonly #metric: MetricPoint['metric'];

  constructor(metric: MetricOverrides) {
    const plain = { name: 'm', description: '', unit: '1', temporality: 0, monotonic: false };
    this.#metric = { ...plain, metadata: [], ...metric };
  }

  point(seconds: number, over: Partial<MetricPoint>): MetricPoint {
    return this.#records.point(this.#metric.type, {
      metric: this.#metric,
      attributes: [],
      startTimeUnixNano: nano(testNowMs - 3_600_000),
      timeUnixNano: nano(testNowMs + seconds * 1_000),
      exemplars: [],
      ...over,
    });
  }

  number(
    seconds: number,
    double: number,
    attributes: MetricPoint['attributes'] = [],
    startMs = testNowMs - 3_600_000,
  ): MetricPoint {
    return this.point(seconds, {
      value: { double },
      attributes,
      startTimeUnixNano: nano(startMs),
    });
  }

  message(points: readonly MetricPoint[]) {
    return this.#records.message(points);
  }
}

function nano(timeMs: number): bigint {
  return BigInt(Math.round(timeMs)) * 1_000_000n;
}
