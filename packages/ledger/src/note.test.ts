import { expect, it } from 'vitest';
import type { LedgerNote } from './facts.ts';
import { parseNote } from './note.ts';

const count = { tenant: 'acme', signal: 'logs', minute: 29_460_240, records: 3 } as const;
const message = { topic: 'otlp_logs', partition: 0, sequence: 1, position: 0, ...count };
const range = { gateway: 'old', epoch: 1, topic: 'otlp_spans', partition: 3, from: 1, to: 9 };
const spill = { spill: 'a', revision: 1, atMs: 1_764_400_000_000, waiting: [range] };
const note: LedgerNote = {
  gateway: 'gw',
  epoch: 1,
  note: 1,
  messages: [message, { ...message, gateway: 'old', epoch: 0, sequence: 2 }],
  refused: [count],
  spill,
};

function parse(parts: object): LedgerNote | undefined {
  return parseNote({ value: Buffer.from(JSON.stringify(parts)) });
}

it('takes a gateway’s own', () => {
  expect(parse(note)).toEqual(note);
});

const { refused, ...withoutRefused } = note;
const { note: _, ...withoutNumber } = note;

it.each([
  ['no list of refused records', withoutRefused],
  ['no number', withoutNumber],
  ['a message without a tenant', { ...note, messages: [{ ...message, tenant: undefined }] }],
  ['null among the messages', { ...note, messages: [null] }],
  ['a minute that no store has', { ...note, messages: [{ ...message, minute: 2 ** 40 }] }],
  ['a partition that no broker has', { ...note, messages: [{ ...message, partition: 2 ** 31 }] }],
  ['more records than any message', { ...note, messages: [{ ...message, records: 2 ** 31 }] }],
  ['fewer than none', { ...note, refused: [{ ...count, records: -1 }] }],
  ['a minute of refused records', { ...note, refused: [{ ...count, minute: 2 ** 31 }] }],
  ['a time that no store has', { ...note, spill: { ...spill, atMs: 2 ** 52 } }],
  ['a spill that is no list', { ...note, spill: { ...spill, waiting: 5 } }],
  ['a range of no topic', { ...note, spill: { ...spill, waiting: [{ ...range, topic: '' }] } }],
  ['a topic of no signal', { ...note, messages: [{ ...message, topic: 'otlp\0logs' }] }],
  ['a signal that is none', { ...note, refused: [{ ...count, signal: 'x\0' }] }],
  ['a gateway that is a number', { ...note, messages: [{ ...message, gateway: 7 }] }],
  ['an epoch that is a text', { ...note, messages: [{ ...message, epoch: '1' }] }],
  ['half a surrogate pair', { ...note, messages: [{ ...message, gateway: '\ud800' }] }],
  ['a name of 100 KB', { ...note, gateway: 'g'.repeat(100_000) }],
  ['two million objects', { ...note, refused: Array.from({ length: 2_000_000 }, () => ({})) }],
])('takes nothing for a note that no store could keep: %s', (_what, parts) => {
  expect(parse(parts)).toBeUndefined();
});
