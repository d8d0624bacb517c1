/** Prints `docs/reference/metrics.md`: `npm run reference:metrics`. */
import { collectionMetrics, defaultMetrics, type MetricFamily, unitOf } from '@spillway/metrics';
import { declaredMetrics } from './declared-metrics.ts';

const head = `# Metrics

<!-- Made by \`npm run reference:metrics\`. -->

What \`/metrics\` of a process answers with, in the text format of Prometheus. A process has the families of the parts
that it runs. What is not known has no sample; it is never 0. Durations are in seconds and sizes in bytes. Counters
begin at 0 when the process starts, unless their help says that the broker keeps them.

\`tenant\` is left out, and the values of all tenants are added up, for those who ask without a key.
[Alerts](../../infra/prometheus/alerts.yml) and [dashboards](../../infra/grafana/dashboards) use these metrics.
`;

const ofNode = `
## Node and the process

From [the client library](https://github.com/prometheus/client_js), once per process.
`;

/** The page, as it stands in the repository. */
export function metricsPage(): string {
  const parts = [...declaredMetrics(), { name: 'collection', families: collectionMetrics }];
  const sections = parts.flatMap(({ name, families }) => [
    `\n## ${name.charAt(0).toUpperCase()}${name.slice(1)}\n`,
    ...table(['metric', 'type', 'unit', 'labels', 'help'], families.map(rowOf)),
  ]);
  const rows = defaultMetrics()
    .getMetricsAsArray()
    .map(({ name, type, help }) => [`\`${name}\``, type, help]);
  return `${[head, ...sections, ofNode, ...table(['metric', 'type', 'help'], rows)].join('\n')}\n`;
}

function rowOf(family: MetricFamily<never>): string[] {
  const { name, type, labels, help } = family;
  const named = labels.map((label) => `\`${label}\``).join(', ');
  return [`\`${name}\``, type, unitOf(family), named, help];
}

function table(names: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(names), line(names.map(() => '---')), ...rows.map(line)];
}

if (import.meta.main) process.stdout.write(metricsPage());
