/** Dashboards and alerts, against the metrics of a running Spillway and in a real Prometheus. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Addresses,
  logsBody,
  postOtlp,
  spanIdOf,
  traceIdOf,
  tracesBody,
} from '@spillway/test-support';
import { Lab } from '@spillway/test-support/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { dashboards, panelExpressions } from './src/dashboards.ts';
import { Prometheus, promtool } from './src/prometheus.ts';
import { pathOf, yamlOf } from './src/repository.ts';

const ofProxy = (expr: string): boolean => expr.includes('haproxy_');
/** So that a record can be too large. */
const messageBytesMax = 65_536;

describe('alerts and dashboards', () => {
  it('are what Prometheus takes, and fire when they should', () => {
    // The key that it scrapes with is there when the stack has made it.
    promtool('check', 'config', '--syntax-only', pathOf('infra/prometheus/prometheus.yml'));
    promtool('check', 'rules', pathOf('infra/prometheus/alerts.yml'));
    promtool('test', 'rules', pathOf('infra/prometheus/alerts.test.yml'));
    const dir = mkdtempSync(join(tmpdir(), 'spillway-rules-'));
    const rules = panelExpressions().map(({ expr }, n) => ({ record: `panel_${n}`, expr }));
    writeFileSync(join(dir, 'rules.yml'), stringify({ groups: [{ name: 'panels', rules }] }));
    promtool('check', 'rules', join(dir, 'rules.yml'));
    rmSync(dir, { recursive: true });
  });

  it('ask the datasource that Grafana is given, and do not lie on one another', () => {
    const { datasources } = yamlOf<{ datasources: { uid: string }[] }>(
      'infra/grafana/provisioning/datasources/prometheus.yaml',
    );
    const uids = dashboards().map(({ uid }) => uid);
    expect(new Set(uids).size).toBe(uids.length);
    for (const { panels } of dashboards()) {
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, n) => `${x + (n % w)}/${y + Math.floor(n / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      for (const { type, datasource } of panels) {
        if (type !== 'row') expect(datasource?.uid).toBe(datasources[0]?.uid);
      }
    }
  });
});

describe('a running Spillway', () => {
  const lab = new Lab([
    ...['--broker.embedded.messageBytesMax', `${messageBytesMax}`],
    ...['--gateway.recordsPerSecondMax', '100000', '--gateway.bytesPerSecondMax', '100000000'],
  ]);
  let prometheus: Prometheus;

  beforeAll(async () => {
    const addresses = await lab.spillway.start();
    await sendSome(addresses);
    await lab.caughtUp(addresses);
    prometheus = new Prometheus(new URL(addresses.console).host);
    await prometheus.start();
    await prometheus.hasSamples('spillway_gateway_requests_total');
    await sendSome(addresses);
  });

  afterAll(async () => {
    await prometheus?.stop();
    await lab.close();
  });

  it('fills the panels', async () => {
    // Nothing is drawn there while no group falls behind, and where gateways share no quotas.
    const idle = [
      'spillway-groups: At the rate of now',
      'spillway-trouble: Leased from shared quotas',
    ];
    const drawn = panelExpressions().filter(
      ({ where, expr }) => !ofProxy(expr) && !idle.includes(where),
    );
    const empty = async (): Promise<string[]> => {
      const samples = await Promise.all(drawn.map(({ expr }) => prometheus.valuesOf(expr)));
      return drawn.filter((_, n) => samples[n]?.length === 0).map(({ where }) => where);
    };
    await expect.poll(empty, { timeout: 30_000 }).toEqual([]);
  });
});

/** Spans and logs that are taken, a record that is not, and what is no OTLP. */
async function sendSome(addresses: Addresses): Promise<void> {
  const spans = [{ traceId: traceIdOf(1), spanId: spanIdOf(1) }];
  await postOtlp(addresses, 'traces', tracesBody('shop', spans));
  await postOtlp(addresses, 'logs', logsBody('shop', ['one', 'two']));
  await postOtlp(addresses, 'logs', logsBody('shop', ['x'.repeat(2 * messageBytesMax)]));
  await postOtlp(addresses, 'traces', '{"resourceSpans": 1}');
}
