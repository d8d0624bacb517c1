import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.ts';

describe('Metrics', () => {
  it('reads counters, gauges and histograms at the scrape', async () => {
    const metrics = new Metrics();
    let spans = 2;
    metrics.register({
      name: 'spillway_records_total',
      help: 'Records.',
      type: 'counter',
      read: () => [{ labels: { signal: 'traces' }, value: spans }],
    });
    metrics.register({
      name: 'spillway_queue_bytes',
      help: 'Queue.',
      type: 'gauge',
      read: () => [{ value: 7 }],
    });
    const buckets = [
      { le: 1, count: 1 },
      { le: Number.POSITIVE_INFINITY, count: 2 },
    ];
    metrics.register({
      name: 'spillway_answer_ms',
      help: 'Answers.',
      type: 'histogram',
      read: () => [{ buckets, sum: 5, count: 2 }],
    });
    await metrics.text();
    spans = 5;
    const text = await metrics.text();
    expect(text).toContain('# TYPE spillway_records_total counter');
    expect(text).toContain('spillway_records_total{signal="traces"} 5');
    expect(text).toContain('spillway_queue_bytes 7');
    expect(text).toContain('spillway_answer_ms_bucket{le="+Inf"} 2');
    expect(text).toContain('spillway_answer_ms_sum 5');
  });

  it('leaves out what cannot be read instead of showing zero', async () => {
    const metrics = new Metrics();
    metrics.register({
      name: 'spillway_lag_messages',
      help: 'Lag.',
      type: 'gauge',
      read: () => Promise.reject(new Error('unknown')),
    });
    expect(await metrics.text()).not.toMatch(/^spillway_lag_messages/m);
  });
});
