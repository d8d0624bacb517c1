/** Dashboards and alerts, against the metrics, groups and refusals that the code declares. */
import { refusals } from '@spillway/gateway';
import { collectionMetrics, defaultMetrics } from '@spillway/metrics';
import { declaredMetrics, registry } from 'spillway';
import { describe, expect, it } from 'vitest';
import { alertExpressions, groupedBy, panelExpressions, seriesIn } from './src/dashboards.ts';
import { yamlOf } from './src/repository.ts';

interface AlertCase {
  eval_time: string;
  alertname: string;
  exp_alerts: unknown[];
}

const families = [...declaredMetrics().flatMap((part) => part.families), ...collectionMetrics];
const labelsOf = new Map(families.map(({ name, labels }) => [name, labels]));
const ofNode = new Set(
  defaultMetrics()
    .getMetricsAsArray()
    .map(({ name }) => name),
);
/** What Prometheus adds, and what histograms and the metrics of Node have. */
const otherLabels = ['job', 'instance', 'le', 'kind'];

describe('dashboards and alerts', () => {
  const expressions = [...panelExpressions(), ...alertExpressions()];

  it('ask for no metric and no label that nothing declares', () => {
    const unknown = expressions.flatMap(({ where, expr }) => {
      const series = seriesIn(expr).filter(({ name }) => !name.startsWith('haproxy_'));
      const labels = new Set([
        ...otherLabels,
        ...series.flatMap(({ name }) => labelsOf.get(familyOf(name)) ?? []),
      ]);
      const asked = [...series.flatMap((one) => one.labels), ...groupedBy(expr)];
      return [
        ...series.map(({ name }) => familyOf(name)).filter((name) => !isDeclared(name)),
        ...(series.length > 0 ? asked.filter((label) => !labels.has(label)) : []),
      ].map((what) => `${where}: ${what}`);
    });
    expect(unknown).toEqual([]);
  });

  it('show every metric that is declared on a panel', () => {
    const shown = new Set(
      panelExpressions().flatMap(({ expr }) => seriesIn(expr).map(({ name }) => familyOf(name))),
    );
    expect(families.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([]);
  });
});

describe('alerts', () => {
  const alerts = new Map(alertExpressions().map(({ where, expr }) => [where, expr]));

  it('name no consumer group that is not configured, and all where lag is unknown', () => {
    const groups = registry.groups().map(({ group }) => group);
    const named = [...alerts.values()].flatMap(groupsIn);
    expect(named.filter((group) => !groups.includes(group))).toEqual([]);
    expect(groupsIn(alerts.get('SpillwayLagUnknown') ?? '').sort()).toEqual(groups.sort());
  });

  it('tell every refusal that is not the fault of the client', () => {
    const ours = Object.entries(refusals).filter(([, { http }]) => http >= 500);
    const told = /code=~"([^"]*)"/.exec(alerts.get('SpillwayRefusing') ?? '')?.[1]?.split('|');
    expect(told?.sort()).toEqual(ours.map(([code]) => code).sort());
  });

  it('each have a test in which they fire, and one in which they have ended', () => {
    const { tests } = yamlOf<{ tests: { alert_rule_test: AlertCase[] }[] }>(
      'infra/prometheus/alerts.test.yml',
    );
    const endless = [...alerts.keys()].filter(
      (alert) => !tests.some(({ alert_rule_test: cases }) => firesAndEnds(cases, alert)),
    );
    expect(endless).toEqual([]);
  });
});

function isDeclared(family: string): boolean {
  return labelsOf.has(family) || ofNode.has(family);
}

function familyOf(series: string): string {
  return isDeclared(series) ? series : series.replace(/_(bucket|sum|count)$/, '');
}

function groupsIn(expression: string): string[] {
  return [...expression.matchAll(/group="([^"]*)"/g)].map(([, group = '']) => group);
}

function firesAndEnds(cases: readonly AlertCase[], alert: string): boolean {
  const own = cases.filter(({ alertname }) => alertname === alert);
  const fired = own.findIndex((one) => one.exp_alerts.length > 0);
  return fired >= 0 && own.slice(fired).some((one) => one.exp_alerts.length === 0);
}
