import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { deadLettersAnswer } from '../src/schema/dead-letter-answers.ts';
import { type LedgerAnswer, ledgerAnswer } from '../src/schema/ledger-answers.ts';
import { type LogsAnswer, logHistogramAnswer, logsAnswer } from '../src/schema/log-answers.ts';
import {
  type MetricQueryAnswer,
  metricQueryAnswer,
  metricsAnswer,
  type PointsAnswer,
  pointsAnswer,
} from '../src/schema/metric-answers.ts';
import {
  type DependenciesAnswer,
  dependenciesAnswer,
  lagAnswer,
  pipelineAnswer,
  type StatusAnswer,
  statusAnswer,
} from '../src/schema/pipeline-answers.ts';
import {
  mapAnswer,
  operationsAnswer,
  type ServicesAnswer,
  servicesAnswer,
} from '../src/schema/service-answers.ts';
import {
  type TraceAnswer,
  type TracesAnswer,
  traceAnswer,
  tracesAnswer,
} from '../src/schema/trace-answers.ts';
import { getJson } from './support/get-json.ts';
import { type RunningConsole, runConsole } from './support/running-console.ts';
import { hostileText, Shop } from './support/shop.ts';

const shop = new Shop({ nowMs: Date.now(), requests: 200 });
let console: RunningConsole;

beforeAll(async () => {
  console = await runConsole({ messages: shop.messages() });
});
afterAll(() => console.stop());

const get = <T>(path: string) => getJson<T>(console.address + path);

describe('the fleet', () => {
  it('is told whole: processes, who reported whom down, what is unsafe', async () => {
    const fleet = await get<DependenciesAnswer>('/api/dependencies');
    expect(fleet).toMatchObject({ view: 'shared', reportersMin: 2 });
    expect(fleet.processes.map(({ name }) => name)).toEqual([
      'gw-1',
      'gw-2',
      'gw-3',
      'gw-next',
      'writer-host-b-40',
    ]);
    expect(fleet.processes[3]?.document).toBeNull();
    const broker = fleet.dependencies.find(({ dependency }) => dependency === 'broker');
    expect(broker?.reporters.map(({ name }) => name)).toEqual(['gw-1', 'gw-2']);
    const { unsafe } = await get<StatusAnswer>('/api/status');
    expect(unsafe).toMatchObject([{ name: 'fsync', processes: ['writer-host-b-40'] }]);
  });
});

describe('every answer', () => {
  it.each<[string, z.ZodType]>([
    ['/api/services', servicesAnswer],
    ['/api/services?from=now-1d', servicesAnswer],
    ['/api/services/checkout/operations', operationsAnswer],
    ['/api/traces', tracesAnswer],
    [`/api/traces/${shop.spans[0]?.traceId}`, traceAnswer],
    ['/api/logs', logsAnswer],
    ['/api/logs/histogram', logHistogramAnswer],
    ['/api/metrics', metricsAnswer],
    ['/api/metrics/query?name=http.server.request.duration', metricQueryAnswer],
    ['/api/metrics/points?name=email.queue.depth', pointsAnswer],
    ['/api/metrics/points?name=http.server.request.duration', pointsAnswer],
    ['/api/map', mapAnswer],
    ['/api/ledger', ledgerAnswer],
    ['/api/lag', lagAnswer],
    ['/api/pipeline', pipelineAnswer],
    ['/api/status', statusAnswer],
    ['/api/dependencies', dependenciesAnswer],
    ['/api/dead-letters', deadLettersAnswer],
  ])('%s is what its schema says, and says how far behind it is', async (path, schema) => {
    const answer = await get<object>(path);
    expect(answer.behindSeconds).toBe(0);
    expect(answer.behind).toEqual({ search: 0, live: 0, writer: 0 });
    // What the schema does not know is left out by it.
    expect(schema.parse(answer)).toEqual(answer);
  });
});

describe('traces', () => {
  it('pages through all of them once', async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const more = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
      const page: TracesAnswer = await get(`/api/traces?from=now-2h&limit=70${more}`);
      seen.push(...page.traces.map(({ traceId }) => traceId));
      cursor = page.cursor;
    } while (cursor);
    const all = new Set(shop.spans.map(({ traceId }) => traceId));
    expect(seen.length).toBe(all.size);
    expect(new Set(seen)).toEqual(all);
  });

  it('filters by service, status, duration and attribute', async () => {
    const failed = await get<TracesAnswer>(
      '/api/traces?service=payment&status=error&minDurationMs=1',
    );
    expect(failed.traces.length).toBeGreaterThan(0);
    expect(failed.traces.every((trace) => trace.errors > 0)).toBe(true);
    const user = await get<TracesAnswer>('/api/traces?attr.user.id=u-5&limit=1000');
    expect(user.traces.length).toBe(shop.spans.filter(isOfUser('u-5')).length);
  });

  it('gives a trace back as it was sent', async () => {
    const sent = shop.spans.filter(({ name }) => name === hostileText)[0];
    const { spans } = await get<TraceAnswer>(`/api/traces/${sent?.traceId.toUpperCase()}`);
    const span = spans.find(({ spanId }) => spanId === sent?.spanId);
    expect(span?.attributes).toEqual(sent?.attributes);
    expect(span?.startTimeUnixNano).toBe(String(sent?.startTimeUnixNano));
  });

  it('says that a trace is not there, and how far behind that is', async () => {
    const response = await fetch(`${console.address}/api/traces/${'0'.repeat(32)}`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'not-found' }, behindSeconds: 0 });
  });
});

describe('logs, metrics and services', () => {
  it('finds logs by words, severity and trace', async () => {
    const refused = await get<LogsAnswer>('/api/logs?query=refused FUNDS&severity=error&limit=500');
    const sent = shop.logs.filter(({ severityNumber }) => severityNumber === 17);
    expect(refused.logs.length).toBe(sent.length);
    const traceId = sent[0]?.traceId;
    const ofTrace = await get<LogsAnswer>(`/api/logs?traceId=${traceId}`);
    expect(new Set(ofTrace.logs.map((log) => log.traceId))).toEqual(new Set([traceId]));
  });

  it('gives series, exemplars and the points as they were sent', async () => {
    const name = 'http.server.request.duration';
    const answer = await get<MetricQueryAnswer>(
      `/api/metrics/query?name=${name}&groupBy=http.route&agg=p95&step=5m`,
    );
    expect(answer.series.map(({ labels }) => labels['http.route']).sort()).toEqual([
      '/cart',
      '/checkout',
      '/products',
    ]);
    const ids = new Set(shop.spans.map(({ traceId }) => traceId));
    expect(answer.exemplars.length).toBeGreaterThan(0);
    expect(answer.exemplars.every(({ traceId }) => ids.has(traceId))).toBe(true);
    const { points } = await get<PointsAnswer>(`/api/metrics/points?name=${name}&limit=1000`);
    expect(points.length).toBe(shop.points.filter((point) => point.metric.name === name).length);
  });

  it('asks the live store inside its window and the search store beyond', async () => {
    const inside = await get<ServicesAnswer>('/api/services?from=now-30m');
    const beyond = await get<ServicesAnswer>('/api/services?from=now-1d');
    expect([inside.source, beyond.source]).toEqual(['live', 'search']);
    expect(beyond.services.map(({ service }) => service)).toContain('payment');
  });

  it('takes times as ms, ISO and relative', async () => {
    const toMs = Date.now();
    const from = new Date(toMs - 60_000).toISOString();
    const answer = await get<TracesAnswer>(`/api/traces?from=${from}&to=${toMs}`);
    expect(answer).toMatchObject({ fromMs: toMs - 60_000, toMs });
  });
});

describe('the ledger', () => {
  it('the ledger of what is stored adds up', async () => {
    const { totals } = await get<LedgerAnswer>('/api/ledger');
    const records = shop.spans.length + shop.logs.length + shop.points.length;
    expect(totals).toMatchObject({ stored: records, searchable: records, unaccounted: 0 });
  });
});

function isOfUser(user: string) {
  return (span: (typeof shop.spans)[0]): boolean =>
    span.attributes.some(({ key, value }) => key === 'user.id' && value.stringValue === user);
}
