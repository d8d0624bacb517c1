import { sinkNames } from './ledger-audit.ts';
import type { Bucket, LedgerReport } from './ledger-report.ts';

const linesMax = 200;

/** The ledger for a person: the sum, and by name whatever does not add up. */
export function renderLedger(report: LedgerReport): string {
  const { totals, bySink } = report;
  const lines = [
    row('', ...sinkNames),
    ...(
      ['accepted', 'stored', 'duplicates', 'waiting', 'spilled', 'deadLettered', 'expired'] as const
    ).map((term) => row(words[term], ...sinkNames.map((sink) => bySink[sink][term]))),
    row('difference', ...sinkNames.map((sink) => bySink[sink].difference)),
    '',
    `refused ${totals.refused}, foreign ${totals.foreign}, unaccounted ${totals.unaccounted}`,
    ...section('Still open', report.open, (open) => `${open.waiting} waiting`),
    ...section('Unaccounted', report.differences, (each) => {
      const { difference, accepted, unaccounted } = each;
      if (difference > 0) return `${difference} of ${accepted} records are missing`;
      if (difference < 0) return `${-difference} records too many for ${accepted} accepted`;
      return `${unaccounted} records, missing and too many, that cancel each other out`;
    }),
    ...section('Messages that are nowhere', report.holes, (hole) => {
      const { gateway, epoch, topic, partition, sequence, records } = hole;
      return `${gateway}/${epoch} ${topic}/${partition} sequence ${sequence}: ${records} records`;
    }),
    ...section('Rows that should be there', report.missingRows, ({ rows }) =>
      rows > 0 ? `${rows} missing` : `${-rows} too many`,
    ),
  ];
  return lines.join('\n');
}

const words = {
  accepted: 'accepted',
  stored: 'stored',
  duplicates: 'duplicates',
  waiting: 'waiting',
  spilled: 'spilled',
  deadLettered: 'dead-lettered',
  expired: 'expired',
};

function section<T extends Bucket & { sink: string }>(
  title: string,
  entries: readonly T[],
  say: (entry: T) => string,
): string[] {
  if (!entries.length) return [];
  const shown = entries.slice(0, linesMax).map((entry) => {
    const { tenant, signal, minute, sink } = entry;
    const time = new Date(minute * 60_000).toISOString().slice(0, 16);
    return `  ${time}Z  tenant ${tenant}  ${signal}  ${sink}: ${say(entry)}`;
  });
  const rest = entries.length - shown.length;
  return ['', `${title}:`, ...shown, ...(rest ? [`  … and ${rest} more`] : [])];
}

function row(name: string, ...cells: (string | number)[]): string {
  return [name.padEnd(14), ...cells.map((cell) => String(cell).padStart(12))].join('');
}
