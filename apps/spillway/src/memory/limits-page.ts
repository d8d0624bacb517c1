import type { BudgetLine, LoadedConfig } from '@spillway/runtime';
import type { SpillwayConfig } from '../config.ts';
import type { Registry } from '../registry/registry.ts';
import { budgetOf, bytesOf } from './budget-of.ts';
import type { MemoryPlan } from './plan-memory.ts';
import { shrink } from './shrink.ts';
import { mebibytes } from './table-of.ts';

const mebibyte = 1_048_576;

export interface LimitsPageOptions {
  loaded: LoadedConfig<SpillwayConfig>;
  registry: Registry;
  roles: readonly string[];
  plan: MemoryPlan;
}

/**
 * Renders everything that is bounded, as Markdown: the memory first, then what the sum of it rests
 * on.
 */
export function limitsPage(options: LimitsPageOptions): string {
  const { plan } = options;
  const sum = mebibytes(bytesOf(plan.lines));
  return [
    ...intro,
    '',
    '## Memory',
    '',
    `Given: ${mebibytes(plan.given.bytes)}. What this process may hold adds up to ${sum}, of which ` +
      `${mebibytes(bytesOf(plan.lines, 'heap'))} lie in the heap of its main thread.`,
    '',
    ...memoryTable(options),
    '',
    '## What these sums rest on',
    '',
    ...limitsTable(options),
    '',
    '## Roles that run apart',
    '',
    'With PostgreSQL, Elasticsearch and Redis, and a spill; at least, and with every default:',
    '',
    ...rolesTable(options),
  ].join('\n');
}

const intro = [
  '# Limits',
  '',
  '<!-- Made by `npx spillway config --limits --memory 4G > docs/limits.md`. -->',
  '',
  'Everything that a client or a slow server can fill has a limit, and the limits add up to the memory of the process.',
  'It is given what `--memory 512M` (`process.memoryBytes`) says, else what its control group allows, else what the',
  'machine has. Where every default fits, it is used. Where they do not all fit, the code of the embedded write store is',
  'not optimised, then young generations become smaller, then the defaults shrink, all by the same share, down to the',
  'column *least*. What is set stays as it is set. When that is more than there is, the process does not start: it exits',
  'with 2 and prints the sum. With everything embedded it takes 512 MB.',
  '',
  'The heap of Node gets the lines that lie in it and whatever nothing else has; the process starts itself again in its',
  'own place, with the same id, when Node would have chosen otherwise. `--max-old-space-size` from outside is kept, and',
  'counts as it is. `spillway config --limits [role...]` prints this page for a configuration and a memory of yours.',
];

function memoryTable({ loaded, registry, roles, plan }: LimitsPageOptions): string[] {
  const runtime = { semiSpaceMebibytes: 1, optimises: false };
  const config = shrink(loaded, { share: 0, least: registry.least });
  const smallest = budgetOf(config, registry.target(roles), runtime);
  const leastOf = new Map(smallest.map(({ name, bytes }) => [name, bytes]));
  const row = ({ name, key, bytes, protects, answer }: BudgetLine) => [
    name,
    key ? `\`${key}\`` : '',
    mebibytes(bytes),
    leastOf.has(name) ? mebibytes(leastOf.get(name) ?? 0) : 'none',
    protects,
    answer,
  ];
  return markdown(
    ['what', 'setting', 'at most', 'least', 'protects', 'when it is reached'],
    [
      ...plan.lines.toSorted((a, b) => b.bytes - a.bytes).map(row),
      ['**in all**', '', mebibytes(bytesOf(plan.lines)), mebibytes(bytesOf(smallest)), '', ''],
    ],
  );
}

function limitsTable({ loaded, registry, plan: { config } }: LimitsPageOptions): string[] {
  const { limits, least } = registry;
  const pathOf = new Map(loaded.leaves.map(({ key, path }) => [key, path]));
  const rows = limits.map(({ key, protects, answer }) => {
    const path = pathOf.get(key);
    if (!path) throw new Error(`no setting is called ${key}`);
    const value = path.reduce<unknown>(
      (node, name) => (node as Record<string, unknown>)[name],
      config,
    );
    const to = least[key];
    return [
      `\`${key}\``,
      shown(key, value),
      to === undefined ? '' : shown(key, to),
      protects,
      answer,
    ];
  });
  return markdown(['setting', 'value', 'least', 'protects', 'what the client gets'], rows);
}

function shown(key: string, value: unknown): string {
  return /BytesMax$/i.test(key) && Number(value) >= mebibyte
    ? mebibytes(Number(value))
    : `${value}`;
}

function rolesTable({ loaded, registry }: LimitsPageOptions): string[] {
  const { least } = registry;
  const rows = registry.roles.map((role) => [
    role,
    ...(['kafka', 'rabbitmq'] as const).map((kind) => {
      const whole = { ...loaded, config: onServers(loaded.config, kind) };
      const target = registry.target([role]);
      const [smallest, most] = [0, 1].map((share) => {
        const runtime = { semiSpaceMebibytes: share === 0 ? 1 : 16, optimises: true };
        const config = shrink(whole, { share, least });
        return mebibytes(bytesOf(budgetOf(config, target, runtime)));
      });
      return `${smallest} … ${most}`;
    }),
  ]);
  return markdown(['role', 'on Kafka', 'on RabbitMQ'], rows);
}

function onServers(config: SpillwayConfig, broker: 'kafka' | 'rabbitmq'): SpillwayConfig {
  const apart = structuredClone(config);
  apart.broker.kind = broker;
  apart.store.write.kind = 'postgres';
  apart.store.search.kind = 'elasticsearch';
  apart.store.live.kind = 'redis';
  apart.gateway.spill.dir = '/spill/*';
  return apart;
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
