import { resubmitGateway } from '@spillway/broker';
import { describe, expect, it } from 'vitest';
import { auditOnce } from '../../test/audit-once.ts';
import { applied, bucket, id, noted, sighting, wellFacts } from '../test-facts.ts';

describe('totals of the audit', () => {
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
