import { sinkNames } from './ledger-audit.ts';
import { countsOf, emptyReport } from './ledger-counts.ts';
import type {
  Difference,
  LedgerCounts,
  LedgerReport,
  MissingNotes,
  WaitingSpill,
} from './ledger-report.ts';

/** One report of several that share no minute. */
export function mergeReports(reports: readonly LedgerReport[]): LedgerReport {
  const merged = emptyReport();
  for (const report of reports) {
    add(merged.totals, report.totals);
    for (const by of ['bySignal', 'byTenant'] as const) {
      for (const [name, counts] of Object.entries(report[by])) {
        merged[by][name] ??= emptyReport().totals;
        add(merged[by][name], counts);
      }
    }
    for (const sink of sinkNames) add(merged.bySink[sink], report.bySink[sink]);
    merged.open.push(...report.open);
    merged.differences.push(...report.differences);
    merged.holes.push(...report.holes);
    merged.missingRows.push(...report.missingRows);
    merged.missingNotes.push(...report.missingNotes);
    merged.unreadNotes += report.unreadNotes;
    for (const spill of report.spills) addSpill(merged.spills, spill);
  }
  return merged;
}

function addSpill(spills: WaitingSpill[], spill: WaitingSpill): void {
  const known = spills.find((each) => each.spill === spill.spill);
  if (!known) return void spills.push({ ...spill });
  known.messages += spill.messages;
  known.records += spill.records;
}

/**
 * What two looks at a running system agree on. A minute whose numbers moved between them is still
 * being worked on: it is named as open and its difference is not counted.
 */
export function settled(earlier: LedgerReport, later: LedgerReport): LedgerReport {
  const before = new Set(earlier.differences.map(fingerprint));
  const report = structuredClone(later);
  const moving = report.differences.filter((each) => !before.has(fingerprint(each)));
  for (const { sink, tenant, signal, minute, waiting, undecided, unaccounted } of moving) {
    for (const counts of countsOf(report, { tenant, signal, minute })) {
      counts.unaccounted -= unaccounted;
    }
    report.bySink[sink].unaccounted -= unaccounted;
    const isOpen = report.open.some((each) => isSame(each, { sink, tenant, signal, minute }));
    if (!isOpen) report.open.push({ sink, tenant, signal, minute, waiting, undecided });
  }
  const stays = (each: Place) => !moving.some((one) => isSame(one, each));
  report.differences = report.differences.filter(stays);
  report.holes = report.holes.filter(stays);
  report.missingRows = report.missingRows.filter(stays);
  const missedBefore = new Set(earlier.missingNotes.map(nameOfNotes));
  report.missingNotes = report.missingNotes.filter((each) => missedBefore.has(nameOfNotes(each)));
  return report;
}

type Place = Pick<Difference, 'sink' | 'tenant' | 'signal' | 'minute'>;

function isSame(a: Place, b: Place): boolean {
  return (
    a.sink === b.sink && a.tenant === b.tenant && a.signal === b.signal && a.minute === b.minute
  );
}

function nameOfNotes({ gateway, epoch, from, to }: MissingNotes): string {
  return `${gateway}/${epoch}/${from}/${to}`;
}

function fingerprint(difference: Difference): string {
  return JSON.stringify(difference);
}

function add<T extends LedgerCounts | LedgerReport['bySink']['writer']>(to: T, from: T): void {
  for (const term of Object.keys(from) as (keyof T)[]) {
    to[term] = ((to[term] as number) + (from[term] as number)) as T[keyof T];
  }
}
