import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.ts';

describe('Metrics', () => {
  it('reads counters, gauges and histograms at the scrape', async () => {
    let nowMs = 0;
    const metrics = new Metrics(() => nowMs);
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
    nowMs += 1_000;
    const text = await metrics.text();
    expect(text).toContain('# TYPE spillway_records_total counter');
    expect(text).toContain('spillway_records_total{signal="traces"} 5');
    expect(text).toContain('spillway_queue_bytes 7');
    expect(text).toContain('spillway_answer_ms_bucket{le="+Inf"} 2');
    expect(text).toContain('spillway_answer_ms_sum 5');
  });

  it('is read once a second, however many ask', async () => {
    let nowMs = 0;
    let reads = 0;
    const metrics = new Metrics(() => nowMs);
    const read = () => [{ value: ++reads }];
    metrics.register({ name: 'spillway_reads', help: 'Reads.', type: 'gauge', read });
    const asked = Array.from({ length: 50 }, () => metrics.text());
    expect(new Set(await Promise.all(asked)).size).toBe(1);
    nowMs = 999;
    await metrics.text();
    expect(reads).toBe(1);
    nowMs = 1_000;
    expect(await metrics.text()).toContain('spillway_reads 2');
  });

  it('names no tenant to who may not know them, and adds their values up', async () => {
    const metrics = new Metrics();
    metrics.register({
      name: 'spillway_quota_spent_total',
      help: 'Spent.',
      type: 'counter',
      read: () => [
        { labels: { tenant: 'acme', of: 'bytes' }, value: 2 },
        { labels: { tenant: 'umbrella', of: 'bytes' }, value: 3 },
        { labels: { tenant: 'umbrella', of: 'records' }, value: 7 },
      ],
    });
    const text = await metrics.text({ tenants: false });
    expect(text).not.toMatch(/tenant|acme|umbrella/);
    expect(text).toContain('spillway_quota_spent_total{of="bytes"} 5');
    expect(text).toContain('spillway_quota_spent_total{of="records"} 7');
    expect(await metrics.text()).toContain('{tenant="acme",of="bytes"} 2');
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
