import { resubmitGateway } from '@spillway/broker';
import { describe, expect, it } from 'vitest';
import { type AuditFacts, audit, type Observation, type SpilledObservation } from './audit.ts';
import type { AppliedMessage, NotedMessage } from './facts.ts';
import { mergeReports, settled } from './merge.ts';
import { missingNotes } from './missing-notes.ts';
import { ObservationTable } from './observation-table.ts';
import { SpillIndex } from './spill-index.ts';
import { renderLedger } from './text.ts';

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
  const side = () => ({
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
    sinks: { writer: side(), search: side() },
  } satisfies AuditFacts;
}

describe('audit', () => {
  it('adds up when everything is where it should be', () => {
    const { totals, differences, holes, missingRows, open } = audit(wellFacts());
    expect(totals).toMatchObject({ accepted: 20, stored: 20, searchable: 20, unaccounted: 0 });
    expect([differences, holes, missingRows, open]).toEqual([[], [], [], []]);
  });

  it('names deleted rows by sink, tenant, signal and minute', () => {
    const facts = wellFacts();
    facts.sinks.writer.rows = [{ ...bucket, rows: 13, retired: 0 }];
    facts.sinks.search.rows = [{ ...bucket, rows: 15, retired: 0 }];
    const report = audit(facts);
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
    facts.sinks.writer.rows = [
      { ...bucket, rows: 13, retired: 0 },
      { ...other, rows: 7, retired: 0 },
    ];
    expect(audit(facts).totals.unaccounted).toBe(14);
  });

  it('never lets rows too many hide a lost message of the same minute', () => {
    const facts = wellFacts();
    facts.noted.push(noted(3));
    for (const sink of Object.values(facts.sinks))
      sink.rows = [{ ...bucket, rows: 30, retired: 0 }];
    const report = audit(facts);
    expect(report.bySink.writer.difference).toBe(0);
    expect(report.totals.unaccounted).toBe(40);
  });

  it('finds a lost tail: noted, and nowhere', () => {
    const facts = wellFacts();
    facts.noted.push(noted(3, 4));
    const report = audit(facts);
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
    for (const sink of Object.values(facts.sinks)) sink.undecided.push(sighting(4, 5));
    const report = mergeReports([audit(facts), audit(wellFacts()), audit(facts)]);
    expect(report.open[0]).toEqual({ sink: 'writer', ...bucket, waiting: 0, undecided: 5 });
    expect(report.spills).toEqual([
      {
        ...{ spill: 'a', lastGateway: 'gw', atMs: 1_764_000_000_000, isSilent: true },
        ...{ messages: 2, records: 20 },
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
        for (const sink of Object.values(facts.sinks)) sink.waiting.push(sighting(3));
      },
      { accepted: 30, waiting: 10, unaccounted: 0 },
    ],
    [
      'a message applied and not yet committed is not counted twice',
      (facts) => facts.sinks.writer.waiting.push(sighting(2)),
      { waiting: 0, unaccounted: 0 },
    ],
    [
      'a client retry is stored once and counted as duplicates',
      (facts) => {
        facts.noted.push(noted(3));
        for (const sink of Object.values(facts.sinks)) {
          sink.applied.push(applied(3, { duplicates: 10 }));
        }
      },
      { accepted: 30, stored: 20, duplicates: 10, unaccounted: 0 },
    ],
    [
      'dead letters count while they lie there',
      (facts) => {
        for (const sink of Object.values(facts.sinks)) {
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
        for (const sink of Object.values(facts.sinks)) {
          sink.applied[1] = applied(2, { deadLettered: 3 });
          sink.applied.push(applied(9, { id: id(9, resubmitGateway), records: 3, stored: 3 }));
        }
      },
      { accepted: 20, stored: 20, unaccounted: 0 },
    ],
    [
      'retired rows stay stored',
      (facts) => {
        facts.sinks.writer.rows = [{ ...bucket, rows: 5, retired: 15 }];
      },
      { stored: 20, unaccounted: 0 },
    ],
    [
      'spilled and expired messages are accounted for',
      (facts) => {
        facts.noted.push(noted(3), noted(4));
        facts.spilled.push({ ...sighting(3), spill: 'a' });
        for (const sink of Object.values(facts.sinks)) sink.expired.push(sighting(4));
      },
      { accepted: 40, spilled: 10, expired: 10, unaccounted: 0 },
    ],
    [
      'what may wait in a queue that cannot be read is undecided, not accounted for',
      (facts) => {
        facts.noted.push(noted(3));
        facts.sinks.writer.undecided.push(sighting(3));
        facts.sinks.search.undecided.push(sighting(3));
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
        for (const sink of Object.values(facts.sinks)) {
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
        facts.sinks.writer.rows = [{ ...bucket, rows: 21, retired: 0 }];
      },
      { unaccounted: 1 },
    ],
  ];
  it.each(terms)('%s', (_name, change, totals) => {
    const facts = wellFacts();
    change(facts);
    expect(audit(facts).totals).toMatchObject(totals);
  });
});

describe('merging and settling', () => {
  it('adds windows up', () => {
    const merged = mergeReports([audit(wellFacts()), audit(wellFacts())]);
    expect(merged.totals).toMatchObject({ accepted: 40, stored: 40 });
    expect(merged.byTenant.acme).toMatchObject({ accepted: 40 });
  });

  it('lists the minutes, those with a difference first, and says how many lists leave off', () => {
    const facts = wellFacts();
    const later = { ...bucket, minute: bucket.minute + 1 };
    for (const sink of Object.values(facts.sinks))
      sink.rows.push({ ...later, rows: 0, retired: 0 });
    facts.sinks.search.rows = [{ ...bucket, rows: 13, retired: 0 }];
    const { minutes } = mergeReports([audit(facts)]);
    expect(minutes).toMatchObject([
      { ...bucket, accepted: 20, stored: 20, searchable: 13, unaccounted: 7 },
      { ...later, accepted: 0, unaccounted: 0 },
    ]);
    const many = wellFacts();
    for (let n = 3; n < 30_003; n++) many.noted.push(noted(n));
    const merged = mergeReports([audit(many), audit(facts)]);
    expect([merged.holes.length, merged.leftOff]).toEqual([10_000, { holes: 50_000 }]);
    expect(renderLedger(merged)).toContain('50000 more of: holes');
    expect(mergeReports([merged, audit(many)]).leftOff).toEqual({ holes: 110_000 });
  });

  it('counts a difference that both looks agree on', () => {
    const facts = wellFacts();
    facts.sinks.writer.rows = [{ ...bucket, rows: 13, retired: 0 }];
    expect(settled(audit(facts), audit(facts)).totals.unaccounted).toBe(7);
  });

  it('names a minute that moved between the looks as open', () => {
    const facts = wellFacts();
    facts.sinks.writer.rows = [{ ...bucket, rows: 13, retired: 0 }];
    const earlier = audit(facts);
    facts.sinks.writer.rows = [{ ...bucket, rows: 14, retired: 0 }];
    const report = settled(earlier, audit(facts));
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
    expect(missingNotes([withGaps], notes)).toEqual([
      { ...of, from: 3, to: 3, minute: 4 },
      { ...of, from: 5, to: 6, minute: 4 },
      { ...of, from: 11, to: 11, minute: 7 },
      { ...of, epoch: 2, from: 1, to: 1, minute: 7 },
    ]);
  });

  it('are named when both looks miss them, and printed', () => {
    const report = { ...audit(wellFacts()), missingNotes: missingNotes([withGaps], []) };
    expect(settled(audit(wellFacts()), report).missingNotes).toEqual([]);
    expect(settled(report, report).missingNotes).toHaveLength(1);
    expect(renderLedger(report)).toContain('1970-01-01T00:04Z  gw/1 notes 3 to 6');
  });
});

describe('what spills were told to hold', () => {
  const range = { gateway: 'gw', epoch: 1, topic: 'otlp_spans', partition: 0 };
  const index = new SpillIndex([
    { spill: 'late', waiting: [{ ...range, from: 20, to: 20 }] },
    {
      spill: 'early',
      waiting: [
        { ...range, from: 11, to: 14 },
        { ...range, from: 3, to: 5 },
        { ...range, epoch: 2, from: 1, to: 99 },
      ],
    },
  ]);
  it.each([
    [2, undefined],
    [3, 'early'],
    [5, 'early'],
    [6, undefined],
    [14, 'early'],
    [20, 'late'],
    [21, undefined],
  ])('sequence %i is in %s', (sequence, spill) => {
    expect(index.spillOf(id(sequence))).toBe(spill);
    expect(index.spillOf(id(sequence, 'other'))).toBeUndefined();
  });
});

it('keeps many sightings in little memory, and gives them back by minute', () => {
  const table = new ObservationTable();
  const all = Array.from({ length: 5_000 }, (_, n) => ({
    ...{ ...sighting(2 ** 40 + n, n % 7), tenant: `t${n % 3}`, minute: n % 10 },
    ...(n % 2 && { foreign: true }),
  }));
  for (const one of all) table.push(one);
  expect(table.length).toBe(5_000);
  expect([...table.between(3, 5)]).toEqual(
    all.filter(({ minute }) => minute === 3 || minute === 4),
  );
});
