import type { ExpiredKept, PartitionLag } from '@spillway/broker';
import type { AppliedMessage } from '@spillway/ledger';
import { expect, it } from 'vitest';
import { expiredDeadLetters, RemovedDeadLetters } from './expired-dead-letters.ts';
import { SentBack } from './sent-back.ts';

const minute = 100;
const of = { tenant: 'acme', signal: 'logs' as const, minute };
const counts = { stored: 0, duplicates: 0, deadLettered: 0, foreign: false };

function applied(sequence: number, more: Partial<AppliedMessage> = {}): AppliedMessage {
  const id = { gateway: 'gw-1', epoch: 7, topic: 'otlp_logs', partition: 0, sequence };
  return { id, ...of, ...counts, position: sequence, records: 3, deadLettered: 3, ...more };
}

function sentBackAs(deadLetterAt: number, records: number): AppliedMessage {
  const { id } = applied(deadLetterAt);
  return { ...applied(50), id: { ...id, gateway: 'resubmit', epoch: 0 }, records, deadLettered: 0 };
}

function removedOf(known: ExpiredKept) {
  const knownRemoved = new RemovedDeadLetters(new Map([['otlp_logs_dlq/0', known]]));
  return { knownRemoved, sentBack: new SentBack(knownRemoved) };
}

const sink = { name: 'writer' };

const keptOf = ({ id }: AppliedMessage, records: number) => ({ id, records });

const all = { before: 10, upToMs: (minute + 1) * 60_000 };
const [first, second] = [applied(1), applied(2)];

it.each([
  ['retention removed them', {}, all, [1, 2]],
  ['they are there', { deadLetters: [keptOf(first, 3), keptOf(second, 3)] }, all, []],
  ['one of two causes is there', { deadLetters: [keptOf(first, 1)] }, all, [1, 2]],
  ['retention removed nothing', {}, { before: 0, upToMs: 0 }, []],
  ['retention removed one', {}, { ...all, before: 1 }, [1]],
  ['it removed none so young', {}, { ...all, upToMs: minute * 60_000 - 1 }, []],
  ['the second is not committed', { committed: 2 }, all, [1]],
  ['where the group stands is not known', { committed: null }, all, []],
  ['the first was sent back before', { more: [sentBackAs(4, 3)] }, all, [2]],
  ['one was sent back that is there', { more: [sentBackAs(12, 3)] }, all, [1, 2]],
])('records of dead letters are expired where %s', (_when, known, removed, expected) => {
  const {
    deadLetters = [],
    committed = 60,
    more = [],
  } = known as {
    deadLetters?: ReturnType<typeof keptOf>[];
    committed?: number | null;
    more?: AppliedMessage[];
  };
  const { knownRemoved, sentBack } = removedOf(removed);
  const messages = [first, second, ...more];
  sentBack.see(sink, messages);
  const found = expiredDeadLetters({
    applied: messages,
    deadLetters,
    lags: new Map([['otlp_logs/0', { committed } as PartitionLag]]),
    removed: knownRemoved,
    sentBack: sentBack.gone(sink),
  });
  expect(found.map(({ id }) => id.sequence)).toEqual(expected);
  const missing = 6 - deadLetters.reduce((sum, { records }) => sum + records, 0);
  if (expected.length === 2) {
    expect(found.reduce((sum, { records }) => sum + records, 0)).toBe(missing);
  }
});

it('what one window explains, another cannot', () => {
  const { knownRemoved: removed, sentBack } = removedOf({ ...all, before: 1 });
  const lags = new Map([['otlp_logs/0', { committed: 60 } as PartitionLag]]);
  const facts = { deadLetters: [], lags, removed, sentBack: sentBack.gone(sink) };
  expect(expiredDeadLetters({ ...facts, applied: [first] })).toHaveLength(1);
  expect(expiredDeadLetters({ ...facts, applied: [second] })).toHaveLength(0);
});

it('what was sent back counts once, whether it waits or was applied, in whichever part', () => {
  const { knownRemoved: removed, sentBack } = removedOf(all);
  sentBack.see(sink, [sentBackAs(4, 3)]);
  sentBack.see(sink, [sentBackAs(4, 3)]);
  const lags = new Map([['otlp_logs/0', { committed: 60 } as PartitionLag]]);
  const facts = { deadLetters: [], lags, removed, sentBack: sentBack.gone(sink) };
  expect(expiredDeadLetters({ ...facts, applied: [first] })).toHaveLength(0);
  expect(expiredDeadLetters({ ...facts, applied: [second] })).toHaveLength(1);
});
