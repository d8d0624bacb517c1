import { describe, expect, it, vi } from 'vitest';
import { metricsOf } from './family.ts';
import { metricSource } from './metric-source.ts';
import { MetricsRegistry } from './metrics-registry.ts';

interface Stats {
  spans: number;
  queueBytes: number | undefined;
}

const { counter, flag, gauge, histogram } = metricsOf<Stats>();
const help = 'A sentence that makes sense alone.';
const families = [
  counter({
    name: 'spillway_records_total',
    help,
    labels: ['signal'],
    read: ({ spans }) => [{ labels: { signal: 'traces' }, value: spans }],
  }),
  gauge({ name: 'spillway_queue_bytes', help, read: ({ queueBytes }) => queueBytes }),
  flag({ name: 'spillway_queue_known', help, read: ({ queueBytes }) => queueBytes !== undefined }),
];

describe('MetricsRegistry', () => {
  it('reads what the parts have at the scrape', async () => {
    let nowMs = 0;
    const registry = new MetricsRegistry(() => nowMs);
    const stats = { spans: 2, queueBytes: 7 };
    registry.add(metricSource('part', families, () => stats));
    await registry.text();
    stats.spans = 5;
    nowMs += 1_000;
    const text = await registry.text();
    expect(text).toContain(`# HELP spillway_records_total ${help}`);
    expect(text).toContain('# TYPE spillway_records_total counter');
    expect(text).toContain('\nspillway_records_total{signal="traces"} 5\n');
    expect(text).toContain('\nspillway_queue_bytes 7\n');
    expect(text).toContain('\nspillway_queue_known 1\n');
  });

  it('shows a histogram that a part has counted itself', async () => {
    const registry = new MetricsRegistry();
    const buckets = [
      { le: 0.5, count: 1 },
      { le: Number.POSITIVE_INFINITY, count: 2 },
    ];
    const read = () => [{ labels: { signal: 'logs' }, value: { buckets, sum: 5, count: 2 } }];
    const answers = histogram({ name: 'spillway_answer_seconds', help, labels: ['signal'], read });
    registry.add(metricSource('part', [answers], () => ({ spans: 0, queueBytes: 0 })));
    const lines = (await registry.text())
      .split('\n')
      .filter((line) => /^spillway_answer/.test(line));
    expect(lines).toEqual([
      'spillway_answer_seconds_bucket{signal="logs",le="0.5"} 1',
      'spillway_answer_seconds_bucket{signal="logs",le="+Inf"} 2',
      'spillway_answer_seconds_sum{signal="logs"} 5',
      'spillway_answer_seconds_count{signal="logs"} 2',
    ]);
  });

  it('reads each part once a second, however many ask and however many families it has', async () => {
    let nowMs = 0;
    const registry = new MetricsRegistry(() => nowMs);
    const read = vi.fn(() => ({ spans: 1, queueBytes: 1 }));
    registry.add(metricSource('part', families, read));
    const asked = Array.from({ length: 50 }, () => registry.text());
    expect(new Set(await Promise.all(asked)).size).toBe(1);
    nowMs = 999;
    await registry.text();
    expect(read).toHaveBeenCalledTimes(1);
    nowMs = 1_000;
    await registry.text();
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('shows no sample of what is not known, never 0', async () => {
    let nowMs = 0;
    const registry = new MetricsRegistry(() => nowMs);
    const stats: Stats = { spans: 1, queueBytes: 3 };
    registry.add(metricSource('part', families, () => stats));
    expect(await registry.text()).toMatch(/^spillway_queue_bytes 3$/m);
    stats.queueBytes = undefined;
    nowMs = 1_000;
    const text = await registry.text();
    expect(text).not.toMatch(/^spillway_queue_bytes/m);
    expect(text).toContain('# TYPE spillway_queue_bytes gauge');
  });

  it('tells everything else while a part cannot be read, or not in time, and counts that', async () => {
    const registry = new MetricsRegistry();
    const { promise: never } = Promise.withResolvers<Stats>();
    const one = (name: string) => gauge({ name, help, read: ({ spans }) => spans });
    registry.add(metricSource('silent', [one('spillway_silent')], () => never));
    registry.add(
      metricSource('broken', [one('spillway_broken')], () => Promise.reject(new Error('broken'))),
    );
    registry.add(metricSource('well', [one('spillway_well')], () => ({ spans: 4, queueBytes: 0 })));
    const text = await registry.text();
    expect(text).toMatch(/^spillway_well 4$/m);
    expect(text).not.toMatch(/^spillway_(silent|broken)/m);
    for (const [source, times] of [
      ['silent', 1],
      ['broken', 1],
      ['well', 0],
    ]) {
      expect(text).toContain(`spillway_metrics_unread_total{source="${source}"} ${times}`);
    }
  });

  it('takes a reading that came too late for no later one', async () => {
    let nowMs = 0;
    const registry = new MetricsRegistry(() => nowMs);
    const readings = [Promise.withResolvers<Stats>(), Promise.withResolvers<Stats>()];
    const spans = gauge({ name: 'spillway_spans', help, read: (stats) => stats.spans });
    let n = 0;
    registry.add(metricSource('slow', [spans], () => readings[n++]?.promise));
    await registry.text();
    nowMs = 1_000;
    const second = registry.text();
    readings[0]?.resolve({ spans: 1, queueBytes: 0 });
    readings[1]?.resolve({ spans: 2, queueBytes: 0 });
    expect(await second).toMatch(/^spillway_spans 2$/m);
  });

  it('names no tenant to those who may not know them, and adds their values up', async () => {
    const registry = new MetricsRegistry();
    const spent = counter({
      name: 'spillway_spent_bytes_total',
      help,
      labels: ['tenant', 'signal'],
      read: () => [
        { labels: { tenant: 'acme', signal: 'logs' }, value: 2 },
        { labels: { tenant: 'umbrella', signal: 'logs' }, value: 3 },
        { labels: { tenant: 'umbrella', signal: 'traces' }, value: 7 },
      ],
    });
    registry.add(metricSource('part', [spent], () => ({ spans: 0, queueBytes: 0 })));
    const text = await registry.text({ tenants: false });
    expect(text).not.toMatch(/tenant=|acme|umbrella/);
    expect(text).toContain('spillway_spent_bytes_total{signal="logs"} 5');
    expect(text).toContain('spillway_spent_bytes_total{signal="traces"} 7');
    expect(await registry.text()).toContain('{tenant="acme",signal="logs"} 2');
  });

  it('takes no two families of one name', () => {
    const registry = new MetricsRegistry();
    const source = () => metricSource('part', families, () => undefined);
    registry.add(source());
    expect(() => registry.add(source())).toThrow('two metrics are named spillway_records_total');
  });

  it('tells of the process and of Node, once however many registries there are', async () => {
    const texts = await Promise.all([new MetricsRegistry().text(), new MetricsRegistry().text()]);
    for (const text of texts) {
      for (const name of [
        'process_cpu_seconds_total',
        'process_resident_memory_bytes',
        'process_start_time_seconds',
        'process_open_fds',
        'nodejs_eventloop_lag_p99_seconds',
        'nodejs_heap_size_used_bytes',
      ]) {
        expect(text).toMatch(new RegExp(`^${name} [\\d.e+-]+$`, 'm'));
      }
      expect(text).toContain('# TYPE nodejs_gc_duration_seconds histogram');
      expect(text).not.toContain('nodejs_active_');
    }
  });
});
