import { describe, expect, it } from 'vitest';
import { auditOnce } from '../../test/audit-once.ts';
import { mergeReports, settled } from '../merge.ts';
import { applied, bucket, id, noted, sighting, sinks, wellFacts } from '../test-facts.ts';
import { renderLedger } from '../text.ts';

describe('audit', () => {
  it('adds up when everything is where it should be', () => {
    const { totals, differences, holes, missingRows, open } = auditOnce(wellFacts());
    expect(totals).toMatchObject({ accepted: 20, stored: 20, searchable: 20, unaccounted: 0 });
    expect([differences, holes, missingRows, open]).toEqual([[], [], [], []]);
  });

  it('names deleted rows by sink, tenant, signal and minute', () => {
    const facts = wellFacts();
    facts.sinks[0].rows = [{ ...bucket, rows: 13, retired: 0 }];
    facts.sinks[1].rows = [{ ...bucket, rows: 15, retired: 0 }];
    const report = auditOnce(facts);
    expect(report.totals.unaccounted).toBe(12);
    expect(report.missingRows).toEqual([
      { sink: 'writer', ...bucket, rows: 7 },
      { sink: 'search', ...bucket, rows: 5 },
    ]);
    const text = renderLedger(report);
    expect(text).toContain('2025-11-24T16:00Z  tenant acme  traces  writer: 7 missing');
  });

  it('never lets a surplus cancel a loss', () => {
    const facts = wellFacts();
    const other = { ...bucket, minute: bucket.minute + 1 };
    facts.sinks[0].rows = [
      { ...bucket, rows: 13, retired: 0 },
      { ...other, rows: 7, retired: 0 },
    ];
    expect(auditOnce(facts).totals.unaccounted).toBe(14);
  });

  it('never lets rows too many hide a lost message of the same minute', () => {
    const facts = wellFacts();
    facts.noted.push(noted(3));
    for (const sink of facts.sinks) sink.rows = [{ ...bucket, rows: 30, retired: 0 }];
    const report = auditOnce(facts);
    expect(report.bySink.writer?.difference).toBe(0);
    expect(report.totals.unaccounted).toBe(40);
  });

  it('accounts for any store that is handed to it, by its name alone', () => {
    const facts = wellFacts();
    const archive = { name: 'archive', group: 'archiver', title: 'archive', side: 'read' as const };
    const behind = { ...facts.sinks[1], sink: archive, applied: [applied(1)] };
    behind.rows = [{ ...bucket, rows: 10, retired: 0 }];
    const report = auditOnce({ ...facts, sinks: [...facts.sinks, behind] });
    expect(report.bySink.archive).toMatchObject({ accepted: 20, stored: 10, unaccounted: 10 });
    expect(report.totals).toMatchObject({ stored: 20, searchable: 20, unaccounted: 10 });
    expect(report.holes).toEqual([{ sink: 'archive', ...bucket, ...id(2), records: 10 }]);
    expect(renderLedger(report).split('\n')[0]).toMatch(/writer +search +archive$/);
    expect(settled(report, report).bySink.archive?.unaccounted).toBe(10);
  });

  it('finds a lost tail: noted, and nowhere', () => {
    const facts = wellFacts();
    facts.noted.push(noted(3, 4));
    const report = auditOnce(facts);
    expect(report.totals).toMatchObject({ accepted: 24, unaccounted: 8 });
    expect(report.holes).toEqual([
      { sink: 'writer', ...bucket, ...id(3), records: 4 },
      { sink: 'search', ...bucket, ...id(3), records: 4 },
    ]);
    expect(renderLedger(report)).toContain('gw/1 otlp_spans/0 sequence 3: 4 records');
  });

  it('names open minutes, and spills by who told of them last', () => {
    const facts = wellFacts();
    facts.noted.push(noted(3), noted(4, 5));
    facts.spilled.push({ ...sighting(3), spill: 'a' });
    for (const sink of facts.sinks) sink.undecided.push(sighting(4, 5));
    const report = mergeReports(
      [auditOnce(facts), auditOnce(wellFacts()), auditOnce(facts)],
      sinks,
    );
    expect(report.open[0]).toEqual({ sink: 'writer', ...bucket, waiting: 0, undecided: 5 });
    expect(report.spills).toEqual([
      {
        spill: 'a',
        lastGateway: 'gw',
        atMs: 1_764_000_000_000,
        isSilent: true,
        messages: 2,
        records: 20,
      },
    ]);
    const text = renderLedger(report);
    expect(text).toContain('writer: 5 in a queue that cannot be read, or lost');
    expect(text).toContain('spill a: 20 records in 2 messages; gw noted it last at 2025-11-24');
    expect(text).toContain('bring its volume back');
  });
});
