import { describe, expect, it } from 'vitest';
import { auditOnce } from '../test/audit-once.ts';
import { mergeReports, settled } from './merge.ts';
import { missingNotes, NoteRuns } from './missing-notes.ts';
import { bucket, noted, sinks, wellFacts } from './test-facts.ts';
import { renderLedger } from './text.ts';

describe('merging and settling', () => {
  it('adds windows up', () => {
    const merged = mergeReports([auditOnce(wellFacts()), auditOnce(wellFacts())], sinks);
    expect(merged.totals).toMatchObject({ accepted: 40, stored: 40 });
    expect(merged.byTenant.acme).toMatchObject({ accepted: 40 });
  });

  it('lists the minutes, those with a difference first, and says how many lists leave off', () => {
    const facts = wellFacts();
    const later = { ...bucket, minute: bucket.minute + 1 };
    for (const sink of facts.sinks) sink.rows.push({ ...later, rows: 0, retired: 0 });
    facts.sinks[1].rows = [{ ...bucket, rows: 13, retired: 0 }];
    const { minutes } = mergeReports([auditOnce(facts)], sinks);
    expect(minutes).toMatchObject([
      { ...bucket, accepted: 20, stored: 20, searchable: 13, unaccounted: 7 },
      { ...later, accepted: 0, unaccounted: 0 },
    ]);
    const many = wellFacts();
    for (let n = 3; n < 30_003; n++) many.noted.push(noted(n));
    const merged = mergeReports([auditOnce(many), auditOnce(facts)], sinks);
    expect([merged.holes.length, merged.leftOff]).toEqual([10_000, { holes: 50_000 }]);
    expect(renderLedger(merged)).toContain('50000 more of: holes');
    expect(mergeReports([merged, auditOnce(many)], sinks).leftOff).toEqual({ holes: 110_000 });
  });

  it('counts a difference that both looks agree on', () => {
    const facts = wellFacts();
    facts.sinks[0].rows = [{ ...bucket, rows: 13, retired: 0 }];
    expect(settled(auditOnce(facts), auditOnce(facts)).totals.unaccounted).toBe(7);
  });

  it('names a minute that moved between the looks as open', () => {
    const facts = wellFacts();
    facts.sinks[0].rows = [{ ...bucket, rows: 13, retired: 0 }];
    const earlier = auditOnce(facts);
    facts.sinks[0].rows = [{ ...bucket, rows: 14, retired: 0 }];
    const report = settled(earlier, auditOnce(facts));
    expect(report.totals.unaccounted).toBe(0);
    expect(report.open).toEqual([{ sink: 'writer', ...bucket, waiting: 0, undecided: 0 }]);
  });
});

describe('notes that never came', () => {
  const kept = { gateway: 'gw', epoch: 1, last: 9, lastMinute: 5 };
  const gaps = [{ from: 3, to: 6, minute: 4 }];
  const withGaps = { ...kept, missing: gaps };
  const unread = (note: number, epoch = 1) => {
    const messages = [{ ...noted(note), minute: 7 }];
    return { gateway: 'gw', epoch, note, messages, refused: [] };
  };

  it('are those that the store has not, and nobody is about to read', () => {
    const of = { gateway: 'gw', epoch: 1 };
    expect(missingNotes([withGaps], [])).toEqual([{ ...of, ...gaps[0] }]);
    const notes = [unread(4), unread(9), unread(10), unread(12), unread(2, 2)];
    const { runs } = notes.reduce((all, note) => {
      all.add(note);
      return all;
    }, new NoteRuns());
    expect(missingNotes([withGaps], runs)).toEqual([
      { ...of, from: 3, to: 3, minute: 4 },
      { ...of, from: 5, to: 6, minute: 4 },
      { ...of, from: 11, to: 11, minute: 7 },
      { ...of, epoch: 2, from: 1, to: 1, minute: 7 },
    ]);
  });

  it('are named when both looks miss them, and printed', () => {
    const report = { ...auditOnce(wellFacts()), missingNotes: missingNotes([withGaps], []) };
    expect(settled(auditOnce(wellFacts()), report).missingNotes).toEqual([]);
    expect(settled(report, report).missingNotes).toHaveLength(1);
    expect(renderLedger(report)).toContain('1970-01-01T00:04Z  gw/1 notes 3 to 6');
  });
});
