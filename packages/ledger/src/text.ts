import { minuteMs } from './minute.ts';
import type { Bucket, LedgerReport, OpenMinute } from './report.ts';

const linesMax = 200;

/** The ledger for a person: the sum, and by name whatever does not add up. */
export function renderLedger(report: LedgerReport): string {
  const { totals, bySink } = report;
  const sums = Object.values(bySink);
  const lines = [
    row('', ...Object.keys(bySink)),
    ...(
      [
        ...(['accepted', 'stored', 'duplicates', 'waiting', 'spilled', 'deadLettered'] as const),
        ...(['expired', 'undecided'] as const),
      ] as const
    ).map((term) => row(words[term], ...sums.map((counts) => counts[term]))),
    row('difference', ...sums.map(({ difference }) => difference)),
    '',
    `refused ${totals.refused}, foreign ${totals.foreign}, unaccounted ${totals.unaccounted}`,
    ...section('Still open', report.open, openOf),
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
    ...list('Notes that never came', report.missingNotes, (notes) => {
      const { gateway, epoch, from, to, minute } = notes;
      const numbers = from === to ? `note ${from}` : `notes ${from} to ${to}`;
      return `${time(minute * minuteMs)}  ${gateway}/${epoch} ${numbers}`;
    }),
    ...list('Waiting in spills', report.spills, (each) => {
      const { spill, lastGateway, atMs, messages, records, isSilent } = each;
      const noted = `${lastGateway} noted it last at ${time(atMs)}`;
      const silent = isSilent ? ': bring its volume back to a gateway' : '';
      return `spill ${spill}: ${records} records in ${messages} messages; ${noted}${silent}`;
    }),
    ...list('Set aside and kept', report.keptAside, ({ path, reason }) => `${path}: ${reason}`),
    ...Object.entries(report.leftOff)
      .filter(([name]) => name !== 'minutes')
      .map(([name, more]) => `${more} more of: ${name}`),
    ...(report.unreadNotes
      ? ['', `${report.unreadNotes} notes of gateways are not read yet; what they name may follow`]
      : []),
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
  undecided: 'undecided',
};

function openOf({ waiting, undecided }: OpenMinute): string {
  if (undecided === 0) return waiting ? `${waiting} waiting` : 'numbers are moving';
  const queued = `${undecided} in a queue that cannot be read, or lost`;
  return waiting ? `${waiting} waiting, ${queued}` : queued;
}

function section<T extends Bucket & { sink: string }>(
  title: string,
  entries: readonly T[],
  say: (entry: T) => string,
): string[] {
  return list(title, entries, (entry) => {
    const { tenant, signal, minute, sink } = entry;
    return `${time(minute * minuteMs)}  tenant ${tenant}  ${signal}  ${sink}: ${say(entry)}`;
  });
}

function list<T>(title: string, entries: readonly T[], say: (entry: T) => string): string[] {
  if (!entries.length) return [];
  const shown = entries.slice(0, linesMax).map((entry) => `  ${say(entry)}`);
  const rest = entries.length - shown.length;
  return ['', `${title}:`, ...shown, ...(rest ? [`  … and ${rest} more`] : [])];
}

function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}

function row(name: string, ...cells: (string | number)[]): string {
  return [name.padEnd(14), ...cells.map((cell) => String(cell).padStart(12))].join('');
}
