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
import {
  alertExpressions,
  dashboards,
  groupedBy,
  panelExpressions,
  seriesIn,
} from './src/dashboards.ts';
import { Prometheus, promtool } from './src/prometheus.ts';
import { pathOf, yamlOf } from './src/repository.ts';

const expressions = [...panelExpressions(), ...alertExpressions()];
const ofProxy = (expr: string): boolean => expr.includes('haproxy_');
/** So that a record can be too large. */
const messageBytesMax = 65_536;
/** What Prometheus adds to every series. */
const ofPrometheus = ['job', 'instance', 'le'];

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
  let told: Map<string, Set<string>>;
  let prometheus: Prometheus;

  beforeAll(async () => {
    const addresses = await lab.spillway.start();
    await sendSome(addresses);
    await lab.caughtUp(addresses);
    told = labelsByName(await (await fetch(`${addresses.console}/metrics`)).text());
    prometheus = new Prometheus(new URL(addresses.console).host);
    await prometheus.start();
    await prometheus.hasSamples('spillway_gateway_requests_total');
    await sendSome(addresses);
  });

  afterAll(async () => {
    await prometheus?.stop();
    await lab.close();
  });

  it('tells every metric, with every label, that they ask for', () => {
    const unknown = expressions.flatMap(({ where, expr }) => {
      const series = seriesIn(expr).filter(({ name }) => !ofProxy(name));
      const labels = new Set([
        ...ofPrometheus,
        ...series.flatMap(({ name }) => [...(told.get(name) ?? [])]),
      ]);
      return [
        ...series.filter(({ name }) => !told.has(name)).map(({ name }) => `${where}: ${name}`),
        ...series
          .flatMap(({ name, labels: chosen }) => chosen.map((label) => ({ name, label })))
          .filter(({ name, label }) => !told.get(name)?.has(label))
          .map(({ name, label }) => `${where}: ${name}{${label}}`),
        ...(ofProxy(expr) ? [] : groupedBy(expr))
          .filter((label) => !labels.has(label))
          .map((label) => `${where}: by ${label}`),
      ];
    });
    expect(unknown).toEqual([]);
  });

  it('has every metric of its own on a dashboard', () => {
    const shown = new Set(
      panelExpressions()
        .flatMap(({ expr }) => seriesIn(expr))
        .map(familyOf),
    );
    const families = [...told.keys()].map((name) => familyOf({ name }));
    expect([...new Set(families)].filter((name) => !shown.has(name))).toEqual([]);
  });

  it('fills the panels', async () => {
    // Nothing is drawn there while no group falls behind, and nothing unsafe is allowed.
    const idle = [
      'spillway-groups: At the rate of now',
      'spillway-trouble: Safety checks switched off',
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

/** Series by name with their label names, from the text that Prometheus reads. */
function labelsByName(text: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of text.matchAll(/^(spillway_\w+)(?:\{(.*)\})? /gm)) {
    const names = [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label);
    const known = found.get(name) ?? new Set();
    found.set(name, new Set([...known, ...names]));
  }
  // A family without a sample yet has no labels to look at; its name is told all the same.
  for (const [, name = '', type] of text.matchAll(/^# TYPE (spillway_\w+) (\w+)$/gm)) {
    if (type !== 'histogram' && !found.has(name)) found.set(name, new Set());
  }
  return found;
}

function familyOf({ name }: { name: string }): string {
  return name.replace(/_(bucket|sum|count)$/, '');
}
