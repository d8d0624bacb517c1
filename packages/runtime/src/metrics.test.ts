import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.ts';

describe('Metrics', () => {
  it('reads counters and gauges at the scrape', async () => {
    const metrics = new Metrics();
    let spans = 2;
    metrics.register({
      name: 'spillway_records_total',
      help: 'Records.',
      labels: ['signal'],
      read: () => [{ labels: { signal: 'traces' }, value: spans }],
    });
    metrics.register({ name: 'spillway_queue_bytes', help: 'Queue.', read: () => [{ value: 7 }] });
    await metrics.text();
    spans = 5;
    const text = await metrics.text();
    expect(text).toContain('spillway_records_total{signal="traces"} 5');
    expect(text).toContain('spillway_queue_bytes 7');
  });

  it('leaves out what cannot be read instead of showing zero', async () => {
    const metrics = new Metrics();
    metrics.register({
      name: 'spillway_lag_messages',
      help: 'Lag.',
      labels: ['group'],
      read: () => Promise.reject(new Error('unknown')),
    });
    expect(await metrics.text()).not.toMatch(/^spillway_lag_messages/m);
  });
});
