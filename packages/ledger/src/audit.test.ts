import { resubmitGateway } from '@spillway/broker';
import { describe, expect, it } from 'vitest';
import { type AllFacts, auditOnce } from '../test/audit-once.ts';
import type { Observation, SpilledObservation } from './audit-facts.ts';
import type { AppliedMessage, NotedMessage } from './facts.ts';
import { mergeReports, settled } from './merge.ts';
import type { SinkSpec } from './sinks.ts';
import { renderLedger } from './text.ts';

const writer: SinkSpec = { name: 'writer', group: 'writer', title: 'write store', side: 'write' };
const search: SinkSpec = {
  name: 'search',
  group: 'search',
  title: 'search store',
  side: 'read',
  storedAs: 'searchable',
};
const sinks = [writer, search];

const bucket = { tenant: 'acme', signal: 'traces' as const, minute: 29_400_000 };

function id(sequence: number, gateway = 'gw') {
  return { gateway, epoch: 1, topic: 'otlp_spans', partition: 0, sequence };
}

function noted(sequence: number, records = 10): NotedMessage & { gateway: string; epoch: number } {
  return { ...id(sequence), ...bucket, position: sequence, records };
}

function sighting(sequence: number, records = 10): Observation {
  return { ...bucket, id: id(sequence), records };
}

function applied(sequence: number, counts: Partial<AppliedMessage> = {}): AppliedMessage {
  const records = counts.records ?? 10;
  const { duplicates = 0, deadLettered = 0 } = counts;
  return {
    ...bucket,
    id: id(sequence),
    position: sequence,
    records,
    stored: records - duplicates - deadLettered,
    duplicates,
    deadLettered,
    foreign: false,
    ...counts,
  };
}

/** Two messages of ten records, both in both stores. */
function wellFacts() {
  const side = (sink: SinkSpec) => ({
    sink,
    applied: [applied(1), applied(2)],
    rows: [{ ...bucket, rows: 20, retired: 0 }],
    waiting: [] as Observation[],
    deadLetters: [] as Observation[],
    expired: [] as Observation[],
    undecided: [] as Observation[],
  });
  return {
    noted: [noted(1), noted(2)],
    refused: [] as (typeof bucket & { records: number })[],
    spilled: [] as SpilledObservation[],
    spills: [{ spill: 'a', lastGateway: 'gw', atMs: 1_764_000_000_000, isSilent: true }],
    sinks: [side(writer), side(search)] as const,
  } satisfies AllFacts;
}

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

  const terms: [string, (facts: ReturnType<typeof wellFacts>) => void, object][] = [
    [
      'a message beyond the last note is accepted because it was seen',
      (facts) => void facts.noted.pop(),
      { accepted: 20, unaccounted: 0 },
    ],
    [
      'waiting messages make the minute open, not unaccounted',
      (facts) => {
        facts.noted.push(noted(3));
        for (const sink of facts.sinks) sink.waiting.push(sighting(3));
      },
      { accepted: 30, waiting: 10, unaccounted: 0 },
    ],
    [
      'a message applied and not yet committed is not counted twice',
      (facts) => facts.sinks[0].waiting.push(sighting(2)),
      { waiting: 0, unaccounted: 0 },
    ],
    [
      'a client retry is stored once and counted as duplicates',
      (facts) => {
        facts.noted.push(noted(3));
        for (const sink of facts.sinks) {
          sink.applied.push(applied(3, { duplicates: 10 }));
        }
      },
      { accepted: 30, stored: 20, duplicates: 10, unaccounted: 0 },
    ],
    [
      'dead letters count while they lie there',
      (facts) => {
        for (const sink of facts.sinks) {
          sink.applied[1] = applied(2, { deadLettered: 3 });
          sink.rows = [{ ...bucket, rows: 17, retired: 0 }];
          sink.deadLetters.push(sighting(2, 3));
        }
      },
      { accepted: 20, stored: 17, deadLettered: 3, unaccounted: 0 },
    ],
    [
      'a resubmitted dead letter is stored, and accepted only once',
      (facts) => {
        for (const sink of facts.sinks) {
          sink.applied[1] = applied(2, { deadLettered: 3 });
          sink.applied.push(applied(9, { id: id(9, resubmitGateway), records: 3, stored: 3 }));
        }
      },
      { accepted: 20, stored: 20, unaccounted: 0 },
    ],
    [
      'retired rows stay stored',
      (facts) => {
        facts.sinks[0].rows = [{ ...bucket, rows: 5, retired: 15 }];
      },
      { stored: 20, unaccounted: 0 },
    ],
    [
      'spilled and expired messages are accounted for',
      (facts) => {
        facts.noted.push(noted(3), noted(4));
        facts.spilled.push({ ...sighting(3), spill: 'a' });
        for (const sink of facts.sinks) sink.expired.push(sighting(4));
      },
      { accepted: 40, spilled: 10, expired: 10, unaccounted: 0 },
    ],
    [
      'what may wait in a queue that cannot be read is undecided, not accounted for',
      (facts) => {
        facts.noted.push(noted(3));
        facts.sinks[0].undecided.push(sighting(3));
        facts.sinks[1].undecided.push(sighting(3));
      },
      { accepted: 30, waiting: 0, undecided: 10, unaccounted: 0 },
    ],
    [
      'what was refused is outside the sum',
      (facts) => facts.refused.push({ ...bucket, records: 6 }),
      { accepted: 20, refused: 6, unaccounted: 0 },
    ],
    [
      'foreign messages are accepted and named as foreign',
      (facts) => {
        for (const sink of facts.sinks) {
          const foreign = applied(5, { id: id(5, 'foreign'), foreign: true });
          sink.applied.push(foreign);
          sink.rows = [{ ...bucket, rows: 30, retired: 0 }];
        }
      },
      { accepted: 30, foreign: 10, unaccounted: 0 },
    ],
    [
      'rows that nobody accounts for are a difference, too',
      (facts) => {
        facts.sinks[0].rows = [{ ...bucket, rows: 21, retired: 0 }];
      },
      { unaccounted: 1 },
    ],
  ];
  it.each(terms)('%s', (_name, change, totals) => {
    const facts = wellFacts();
    change(facts);
    expect(auditOnce(facts).totals).toMatchObject(totals);
  });
});
