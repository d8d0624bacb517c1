import type { SenderLog } from '../load/sender-file.ts';
import { judge } from './census.ts';
import type { StoreCounts } from './stores.ts';

/** The ledger of one scenario, in records, from the senders' files and from the stores. */
export interface Tally {
  sent: number;
  acknowledged: number;
  /** Sent, and the last word was a refusal, or silence: they may be stored, or not. */
  refused: number;
  stored: number;
  indexed: number;
  /** Of the spans stored. */
  rolledUp: number;
  lost: number;
  doubled: number;
  outOfOrder: number;
  /** By `spillway audit`. */
  unaccounted: number;
}

export const columns: readonly (keyof Tally)[] = [
  'sent',
  'acknowledged',
  'refused',
  'stored',
  'indexed',
  'rolledUp',
  'lost',
  'doubled',
  'outOfOrder',
  'unaccounted',
];

/** The numbers, and every broken promise in words. */
export function tallyOf(
  logs: readonly SenderLog[],
  counts: StoreCounts,
  unaccounted: number,
): { tally: Tally; violations: string[] } {
  const rows = judge(counts.rows, logs);
  const documents = judge(counts.documents, logs);
  const [sent, acknowledged] = [sum(logs, 'sentAt'), sum(logs, 'acknowledgedAt')];
  const [stored, indexed] = [found(logs, counts.rows), found(logs, counts.documents)];
  const rollUps = compareRollUps(logs, counts);
  const tally: Tally = {
    sent,
    acknowledged,
    refused: sent - acknowledged,
    stored,
    indexed,
    rolledUp: rollUps.total,
    lost: rows.lost.length + documents.lost.length,
    doubled: rows.doubled.length + documents.doubled.length,
    outOfOrder: rows.outOfOrder.length + documents.outOfOrder.length,
    unaccounted,
  };
  const violations = [
    ...say('lost in PostgreSQL', rows.lost),
    ...say('lost in Elasticsearch', documents.lost),
    ...say('twice in PostgreSQL', rows.doubled),
    ...say('twice in Elasticsearch', documents.doubled),
    ...say('out of order in PostgreSQL', rows.outOfOrder),
    ...say('out of order in Elasticsearch', documents.outOfOrder),
    ...say('roll-ups that differ', rollUps.wrong),
    ...(stored === indexed ? [] : [`${stored} rows, but ${indexed} documents`]),
    ...(unaccounted === 0 ? [] : [`unaccounted: ${unaccounted}`]),
  ];
  return { tally, violations };
}

export function added(tallies: readonly Tally[]): Tally {
  const total = Object.fromEntries(columns.map((column) => [column, 0])) as unknown as Tally;
  for (const tally of tallies) for (const column of columns) total[column] += tally[column];
  return total;
}

export function isAboutOrder(violation: string): boolean {
  return violation.startsWith('out of order');
}

function sum(logs: readonly SenderLog[], of: 'sentAt' | 'acknowledgedAt'): number {
  return logs.reduce((total, log) => total + log[of].size, 0);
}

function found(logs: readonly SenderLog[], { copies }: StoreCounts['rows']): number {
  let total = 0;
  for (const { name, sentAt } of logs) {
    for (const sequence of sentAt.keys()) if (copies.has(`${name}/${sequence}`)) total += 1;
  }
  return total;
}

/** Each span counts once, whatever was delivered, retried or begun anew. */
function compareRollUps(
  logs: readonly SenderLog[],
  { rows, rolledUp }: StoreCounts,
): { total: number; wrong: string[] } {
  const wrong: string[] = [];
  let total = 0;
  for (const log of logs.filter(({ signal }) => signal === 'traces')) {
    const [expected, has] = [found([log], rows), rolledUp.get(log.name) ?? 0];
    total += has;
    if (expected !== has) wrong.push(`${log.name} ${has} of ${expected}`);
  }
  return { total, wrong };
}

function say(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [`${what}: ${names.length} (${names.slice(0, 5).join(', ')})`];
}
