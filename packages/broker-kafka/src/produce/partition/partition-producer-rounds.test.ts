import { expect, test } from 'vitest';
import { Story, type verdicts } from '../../../test/partition-story.ts';

type Answers = Record<string, keyof typeof verdicts | number>;
interface Round {
  answers: Answers;
  /** What is sent next, with epoch/sequence. */
  next: string[];
}

/** `b`, `c`, `d` are in flight with sequences 2, 4, 6 behind the durable `a`; `e` waits. */
const stories: [string, Round[], Record<string, string>][] = [
  [
    'acknowledged in order',
    [{ answers: { b: 7, c: 9, d: 11 }, next: [] }],
    { b: 'durable 7', c: 'durable 9', d: 'durable 11' },
  ],
  [
    'a moved leader gets the same sequences',
    [
      { answers: { b: 'moved', c: 'moved', d: 'moved' }, next: ['b 0/2', 'c 0/4', 'd 0/6'] },
      { answers: { b: 7, c: 9, d: 11 }, next: [] },
    ],
    { b: 'durable 7', c: 'durable 9', d: 'durable 11' },
  ],
  [
    'behind a batch that was not appended, the gaps go again too',
    [{ answers: { b: 'few', c: 'gap', d: 'gap' }, next: ['b 0/2', 'c 0/4', 'd 0/6'] }],
    {},
  ],
  [
    'nothing is sent again before the last one in flight is answered',
    [
      { answers: { b: 'moved', c: 'broken' }, next: [] },
      { answers: { d: 'broken' }, next: ['b 0/2', 'c 0/4', 'd 0/6'] },
    ],
    {},
  ],
  [
    'a leader that only knows the last one again proves the ones before',
    [
      { answers: { b: 'broken', c: 'broken', d: 'broken' }, next: ['b 0/2', 'c 0/4', 'd 0/6'] },
      { answers: { b: 'gap', c: 'gap', d: 11 }, next: [] },
    ],
    { b: 'durable ?', c: 'durable ?', d: 'durable 11' },
  ],
  [
    'an earlier slow one is proved by a later acknowledgement',
    [{ answers: { b: 'slow', c: 9, d: 11 }, next: [] }],
    { b: 'durable ?', c: 'durable 9', d: 'durable 11' },
  ],
  [
    'nothing but gaps: none is in the log, all go again in a new epoch, one first',
    [
      { answers: { b: 'broken', c: 'broken', d: 'broken' }, next: ['b 0/2', 'c 0/4', 'd 0/6'] },
      { answers: { b: 'gap', c: 'gap', d: 'gap' }, next: ['b 1/0'] },
      { answers: { b: 20 }, next: ['c 1/2', 'd 1/4'] },
    ],
    { b: 'durable 20' },
  ],
  [
    'gaps and a broken connection prove nothing yet',
    [
      { answers: { b: 'broken', c: 'broken', d: 'broken' }, next: ['b 0/2', 'c 0/4', 'd 0/6'] },
      { answers: { b: 'gap', c: 'gap', d: 'broken' }, next: ['b 0/2', 'c 0/4', 'd 0/6'] },
      { answers: { b: 'gap', c: 9, d: 11 }, next: [] },
    ],
    { b: 'durable ?', c: 'durable 9', d: 'durable 11' },
  ],
  [
    'a batch too large is halved; what follows keeps its place',
    [
      { answers: { b: 'large', c: 'gap', d: 'gap' }, next: ['b1 1/0'] },
      { answers: { b1: 5 }, next: ['b2 1/1', 'c 1/2', 'd 1/4'] },
    ],
    { b1: 'durable 5' },
  ],
  [
    'a refused batch leaves no hole: the rest moves up in a new epoch',
    [{ answers: { b: 'forbidden', c: 'gap', d: 'gap' }, next: ['c 1/0'] }],
    { b: 'refused unavailable' },
  ],
  [
    'what was refused behind an uncertain one waits until that is resolved',
    [
      { answers: { b: 'slow', c: 'forbidden', d: 'gap' }, next: ['b 0/2'] },
      { answers: { b: 7 }, next: ['d 1/0'] },
    ],
    { b: 'durable 7', c: 'refused unavailable' },
  ],
  [
    'refused after an attempt that may have landed: unknown',
    [
      { answers: { b: 'broken', c: 'broken', d: 'broken' }, next: ['b 0/2', 'c 0/4', 'd 0/6'] },
      {
        answers: { b: 'forbidden', c: 'forbidden', d: 'forbidden' },
        next: [],
      },
    ],
    { b: 'unknown', c: 'unknown', d: 'unknown' },
  ],
  [
    'a duplicate is durable',
    [{ answers: { b: 'known', c: 9, d: 11 }, next: [] }],
    { b: 'durable ?', c: 'durable 9', d: 'durable 11' },
  ],
  [
    'fenced without doubt: a new epoch',
    [{ answers: { b: 'fenced', c: 'fenced', d: 'fenced' }, next: ['b 1/0'] }],
    {},
  ],
  [
    'fenced with doubt: given up',
    [
      { answers: { b: 'broken', c: 'broken', d: 'broken' }, next: ['b 0/2', 'c 0/4', 'd 0/6'] },
      { answers: { b: 'fenced', c: 'fenced', d: 'fenced' }, next: [] },
    ],
    { b: 'unknown', c: 'unknown', d: 'unknown' },
  ],
  [
    'a leader that forgot the producer and left one out: that one is given back',
    [{ answers: { b: 'few', c: 9, d: 11 }, next: [] }],
    { b: 'refused unavailable', c: 'durable 9', d: 'durable 11' },
  ],
];

test.each(stories)('%s', (_, rounds, outcomes) => {
  const story = new Story();
  story.prove();
  story.add('bcd');
  expect(story.send()).toEqual(['b 0/2', 'c 0/4', 'd 0/6']);
  for (const { answers, next } of rounds) {
    for (const [name, word] of Object.entries(answers)) story.answer(name, word);
    expect(story.send()).toEqual(next);
  }
  const { a, ...others } = story.told();
  expect(a).toBe('durable 0');
  expect(others).toEqual(outcomes);
});
