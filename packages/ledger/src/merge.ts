import { add, bucketName, countsOf, emptyCounts, emptyReport, sinkCountsOf } from './counts.ts';
import type { Difference, LedgerReport, MissingNotes, WaitingSpill } from './report.ts';
import type { SinkSpec } from './sinks.ts';

/** A report is read by a person or sent as JSON: lists end here, sums do not. */
export const entriesMax = 10_000;
const minutesMax = 2_000;

/**
 * One report of several that share no minute.
 * @param sinks those that each of them is about
 */
export function mergeReports(
  reports: readonly LedgerReport[],
  sinks: readonly Pick<SinkSpec, 'name' | 'title'>[],
): LedgerReport {
  const merged = emptyReport(sinks);
  for (const report of reports) {
    add(merged.totals, report.totals);
    for (const by of ['bySignal', 'byTenant'] as const) {
      for (const [name, counts] of Object.entries(report[by])) {
        merged[by][name] ??= emptyCounts();
        add(merged[by][name], counts);
      }
    }
    for (const [sink, counts] of Object.entries(report.bySink)) {
      add(sinkCountsOf(merged, sink), counts);
    }
    for (const list of lists) (merged[list] as unknown[]).push(...report[list]);
    for (const [list, more] of Object.entries(report.leftOff)) leaveOff(merged, list, more);
    merged.unreadNotes += report.unreadNotes;
    for (const spill of report.spills) addSpill(merged.spills, spill);
  }
  merged.minutes.sort((a, b) => b.unaccounted - a.unaccounted || b.minute - a.minute);
  for (const list of lists) {
    const max = list === 'minutes' ? minutesMax : entriesMax;
    leaveOff(merged, list, merged[list].splice(max).length);
  }
  return merged;
}

const lists = ['minutes', 'open', 'differences', 'holes', 'missingRows', 'missingNotes'] as const;

export function leaveOff({ leftOff }: LedgerReport, list: string, entries: number): void {
  if (entries > 0) leftOff[list] = (leftOff[list] ?? 0) + entries;
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
    const bucket = { tenant, signal, minute };
    const ofMinute = report.minutes.filter((each) => bucketName(each) === bucketName(bucket));
    for (const counts of [...countsOf(report, bucket), ...ofMinute]) {
      counts.unaccounted -= unaccounted;
    }
    sinkCountsOf(report, sink).unaccounted -= unaccounted;
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
