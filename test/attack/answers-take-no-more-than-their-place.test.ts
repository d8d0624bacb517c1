import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { attributes, nowNano, spanIdOf, traceIdOf } from '@spillway/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AttackLab } from './support/attack-lab.ts';
import { type MemoryGroup, memoryGroupOrReason } from './support/memory-group.ts';

const MiB = 1024 * 1024;
const timeoutMs = 240_000;
const group = memoryGroupOrReason(512 * MiB);

if (typeof group === 'string') {
  describe.skip(`the largest answers in 512 MB (no control group: ${group})`, () => {
    it('take no more than their place', () => {});
  });
} else {
  describe('the largest answers in 512 MB', () => inGroup(group));
}

/** Of one trace each: text, values of which each is an object, and a resource that each span repeats. */
const traces = {
  text: traceIdOf(1),
  values: traceIdOf(2),
  resource: traceIdOf(3),
  endless: traceIdOf(4),
};
const spansPerRequest = 100;
/** Within what the search store takes in a process of this size, also where a log has it twice. */
const textChars = 10_000;

function inGroup(memory: MemoryGroup): void {
  let lab: AttackLab;

  beforeAll(async () => {
    lab = await AttackLab.start({ under: memory.under });
    const text = attributes({ text: 'x'.repeat(textChars) });
    const small = attributes({ small: 1 });
    await send(lab, { traceId: traces.text, spans: 1_000, own: text, resource: small });
    await send(lab, { traceId: traces.values, spans: 400, own: values(5_000), resource: small });
    await send(lab, { traceId: traces.resource, spans: 2_000, own: small, resource: text });
    await send(lab, { traceId: traces.endless, spans: 12_000, own: small, resource: small });
    await sendLogs(lab, 1_000);
    await sendSeries(lab, 5_000);
    await nearlyCaughtUp(lab);
  }, timeoutMs);

  afterAll(async () => {
    await lab?.close();
    memory.remove();
  });

  it(
    'keep the process alive and others served, however many are asked for at once',
    async () => {
      const paths = [
        ...Object.values(traces).map((traceId) => `/api/traces/${traceId}`),
        '/api/logs?limit=1000',
        '/api/traces?limit=1000',
        '/api/metrics/query?name=many&groupBy=i&from=now-1h&step=1800ms',
        '/api/metrics/query?name=many&groupBy=i&from=now-1h&step=1800ms&agg=count&series=50',
      ];
      const statuses = new Set<number | string>();
      const until = performance.now() + 15_000;
      const askers = Array.from({ length: 32 }, async (_, i) => {
        while (performance.now() < until) {
          const path = paths[i % paths.length] as string;
          statuses.add(await lab.ask(path).then(({ status }) => status, String));
        }
      });
      const good = async () => {
        let slowestMs = 0;
        while (performance.now() < until) {
          const askedMs = performance.now();
          const { status } = await lab.ask('/api/services', lab.goodKey);
          slowestMs = Math.max(slowestMs, performance.now() - askedMs);
          expect(status).toBe(200);
          await sleep(100);
        }
        return slowestMs;
      };
      const [slowestMs] = await Promise.all([good(), ...askers]);
      expect(slowestMs).toBeLessThan(10_000);
      expect(statuses).toContain(200);
      const strange = [...statuses].filter((status) => ![200, 422, 429, 504].includes(+status));
      expect(strange).toEqual([]);
      expect(memory.kills).toBe(0);
    },
    timeoutMs,
  );

  it(
    'are not kept for who does not read them',
    async () => {
      const idle = Array.from({ length: 60 }, () => askAndNotRead(lab, traces.resource));
      for (let i = 0; i < 10; i++) {
        const { status } = await lab.ask('/api/services', lab.goodKey);
        expect(status).toBe(200);
        await sleep(300);
      }
      for (const each of idle) each.destroy();
      expect(memory.kills).toBe(0);
    },
    timeoutMs,
  );

  it(
    'cost no acknowledgement',
    async () => {
      await lab.verdict();
      expect(memory.kills).toBe(0);
      expect(lab.peakOwnBytes).toBeLessThan(420 * MiB);
    },
    timeoutMs,
  );
}

/** The canary sends without end. */
async function nearlyCaughtUp(lab: AttackLab): Promise<void> {
  for (let quiet = 0; quiet < 3; await sleep(200)) {
    const { text } = await lab.ask('/api/pipeline');
    const { lag } = JSON.parse(text) as { lag: { messages: number | null }[] };
    const isQuiet = lag.length > 0 && lag.every(({ messages }) => (messages ?? 99) < 10);
    quiet = isQuiet ? quiet + 1 : 0;
  }
}

interface Sent {
  traceId: string;
  spans: number;
  own: unknown[];
  resource: unknown[];
}

let spanNumber = 0;

async function send(lab: AttackLab, { traceId, spans, own, resource }: Sent): Promise<void> {
  for (let sent = 0; sent < spans; sent += spansPerRequest) {
    const time = nowNano();
    const made = Array.from({ length: spansPerRequest }, () => ({
      traceId,
      spanId: spanIdOf(++spanNumber),
      name: 'large',
      startTimeUnixNano: time,
      endTimeUnixNano: time,
      attributes: own,
    }));
    const scopeSpans = [{ spans: made }];
    await post(lab, 'traces', {
      resourceSpans: [{ resource: { attributes: resource }, scopeSpans }],
    });
  }
}

async function sendLogs(lab: AttackLab, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += spansPerRequest) {
    const logRecords = Array.from({ length: spansPerRequest }, () => ({
      timeUnixNano: nowNano(),
      body: { stringValue: 'y'.repeat(textChars) },
    }));
    await post(lab, 'logs', { resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
  }
}

/** As many as there could be charts, were they not left out. */
async function sendSeries(lab: AttackLab, count: number): Promise<void> {
  const timeUnixNano = nowNano();
  const dataPoints = Array.from({ length: count }, (_, i) => ({
    timeUnixNano,
    asDouble: i,
    attributes: attributes({ i }),
  }));
  const metrics = [{ name: 'many', gauge: { dataPoints } }];
  await post(lab, 'metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });
}

/** An attribute of so many values that each take three bytes of JSON, and an object in memory. */
function values(count: number): unknown[] {
  return [
    { key: 'v', value: { arrayValue: { values: Array.from({ length: count }, () => ({})) } } },
  ];
}

async function post(
  lab: AttackLab,
  signal: 'traces' | 'logs' | 'metrics',
  body: object,
): Promise<void> {
  const text = JSON.stringify(body);
  for (;;) {
    const response = await fetch(`${lab.addresses.otlpHttp}/v1/${signal}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${lab.evilKey}` },
      body: text,
    });
    await response.arrayBuffer();
    if (response.status === 200) return;
    expect(response.status).toBe(503);
    await sleep(200);
  }
}

function askAndNotRead(lab: AttackLab, traceId: string) {
  const headers = { authorization: `Bearer ${lab.evilKey}` };
  return request(`${lab.addresses.console}/api/traces/${traceId}`, { headers, agent: false })
    .on('response', (response) => response.on('error', () => {}).pause())
    .on('error', () => {})
    .end();
}
