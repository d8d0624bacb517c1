import { readdirSync } from 'node:fs';
import { pathOf, textOf, yamlOf } from './repository.ts';

const folder = 'infra/grafana/dashboards';

interface Panel {
  id: number;
  type: string;
  title: string;
  datasource?: { uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string }[];
}

export interface Dashboard {
  uid: string;
  title: string;
  templating: { list: { name: string; query: { query: string } }[] };
  panels: Panel[];
}

export interface Expression {
  /** Dashboard and panel, or alert. */
  where: string;
  expr: string;
}

export function dashboards(): Dashboard[] {
  return readdirSync(pathOf(folder)).map((name) => JSON.parse(textOf(`${folder}/${name}`)));
}

/** Of every panel, with Grafana's variables as it would fill them in for all groups. */
export function panelExpressions(): Expression[] {
  return dashboards().flatMap(({ uid, panels }) =>
    panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({
        where: `${uid}: ${title}`,
        expr: expr.replaceAll('$group', '.*').replaceAll('$__range', '30m'),
      })),
    ),
  );
}

export function alertExpressions(): Expression[] {
  const { groups } = yamlOf<{ groups: { rules: { alert: string; expr: string }[] }[] }>(
    'infra/prometheus/alerts.yml',
  );
  return groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ where: alert, expr })));
}

/** Names and label names of the series in an expression: `name` to the labels that it selects by. */
export function seriesIn(expression: string): { name: string; labels: string[] }[] {
  const series = /\b((?:spillway|haproxy|process|nodejs)_[a-z0-9_]+)(?:\{([^}]*)\})?/g;
  return [...expression.matchAll(series)].map(([, name = '', selector = '']) => ({
    name,
    labels: [...selector.matchAll(/(\w+)\s*[=!]/g)].map(([, label = '']) => label),
  }));
}

/** Label names that an expression groups by. */
export function groupedBy(expression: string): string[] {
  const clauses = expression.matchAll(/\bby\s*\(([^)]*)\)/g);
  return [...clauses].flatMap(([, names = '']) => names.split(',').map((name) => name.trim()));
}
