import type { PartitionLag } from '@spillway/broker';
import type { AppliedMessage, KeptNotedMessage } from '@spillway/ledger';
import { expect, it } from 'vitest';
import { Passed } from './unread-queues.ts';
import { windowsOf } from './windows.ts';

const source = { gateway: 'gw-1', epoch: 7, topic: 'otlp_logs', partition: 0 };
const of = { tenant: 'acme', signal: 'logs' as const, records: 3 };

function applied(sequence: number, minute: number, gateway = 'gw-1'): AppliedMessage {
  const counts = { position: 0, stored: 3, duplicates: 0, deadLettered: 0, foreign: false };
  return { ...of, ...counts, id: { ...source, gateway, sequence }, minute };
}

function noted(sequence: number, minute: number): KeptNotedMessage {
  return { ...source, ...of, sequence, minute, position: undefined, notedMinute: minute };
}

const lag = (messages: number | null) => ({ messages }) as PartitionLag;

it.each([
  ['nothing was applied', [], 5, false],
  ['the queue is empty', [], 0, true],
  ['nobody tells what waits', [], null, false],
  ['an earlier one was applied', [applied(3, 100)], 5, false],
  ['a later one of its gateway was applied', [applied(5, 100)], 5, true],
  ['one of another gateway was, accepted when it was noted', [applied(9, 101, 'gw-2')], 5, false],
  ['one of another gateway was, accepted well after it', [applied(9, 102, 'gw-2')], 5, true],
  ['a resubmitted dead letter was', [applied(9, 190, 'resubmit')], 5, false],
])('a message in a queue that cannot be read: %s', (_when, messages, waiting, isPassed) => {
  const passed = new Passed();
  passed.see(messages);
  expect(passed.has(noted(4, 100), lag(waiting))).toBe(isPassed);
});

it('windows cover the range once, the latest first, and hold few messages', () => {
  const counts = [
    { minute: 10, messages: 15_000 },
    { minute: 11, messages: 30_000 },
    { minute: 12, messages: 9_000 },
    { minute: 13, messages: 9_000 },
  ];
  const range = { fromMinute: 0, toMinute: 5_000 };
  const windows = [...windowsOf(range, counts)].map((one) => [one.fromMinute, one.toMinute]);
  expect(windows).toEqual([
    [3_560, 5_000],
    [2_120, 3_560],
    [680, 2_120],
    [12, 680],
    [11, 12],
    [0, 11],
  ]);
});
