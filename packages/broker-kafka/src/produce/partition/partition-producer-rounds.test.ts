import { expect, test } from 'vitest';
import { PartitionProducer } from './partition-producer.ts';
import type { Attempt, BatchOutcome, ProducerBatch } from './producer-batch.ts';
import { brokenVerdict, type Verdict, verdictOf } from './verdict.ts';

class TestBatch implements ProducerBatch<TestBatch> {
  readonly name: string;
  readonly count: number;
  readonly outcomes: Map<string, string>;
  deadlineMs = 1_000;

  constructor(name: string, count: number, outcomes: Map<string, string>) {
    this.name = name;
    this.count = count;
    this.outcomes = outcomes;
  }

  settle(outcome: BatchOutcome): void {
    if (this.outcomes.has(this.name)) throw new Error(`${this.name} is settled twice`);
    this.outcomes.set(this.name, textOf(outcome));
  }

  halves(): TestBatch[] {
    const first = this.count >> 1;
    return [first, this.count - first].map(
      (count, index) => new TestBatch(`${this.name}${index + 1}`, count, this.outcomes),
    );
  }
}

function textOf(outcome: BatchOutcome): string {
  if (outcome.status === 'durable') return `durable ${outcome.baseOffset ?? '?'}`;
  return outcome.status === 'unknown' ? 'unknown' : `refused ${outcome.code}`;
}

/** Steps of a test are words, so that a table of them reads as a story. */
class Story {
  readonly outcomes = new Map<string, string>();
  readonly producer = new PartitionProducer<TestBatch>({
    backoffMs: () => 0,
    mayUse: (_, epoch) => epoch <= this.epochsTo,
  });
  epochsTo = Number.POSITIVE_INFINITY;
  readonly #attempts = new Map<string, Attempt<TestBatch>>();
  #nowMs = 0;

  constructor() {
    this.producer.identify({ producerId: 1n, epoch: 0 });
  }

  add(names: string, count = 2): void {
    for (const name of names) this.producer.add(new TestBatch(name, count, this.outcomes));
  }

  /** Everything that may be sent now: `a 0/0`, with epoch and sequence. */
  send(): string[] {
    const sent: string[] = [];
    for (;;) {
      const attempt = this.producer.next(this.#nowMs);
      if (attempt === undefined) return sent;
      this.#attempts.set(attempt.batch.name, attempt);
      sent.push(`${attempt.batch.name} ${attempt.epoch}/${attempt.sequence}`);
    }
  }

  answer(name: string, word: keyof typeof verdicts | number): void {
    const verdict: Verdict =
      typeof word === 'number' ? { kind: 'durable', baseOffset: word } : verdicts[word];
    this.producer.answer(this.#attempts.get(name) as Attempt<TestBatch>, verdict, this.#nowMs);
  }

  /** `a` is durable: from here on more than one may be in flight. */
  prove(): void {
    this.add('a');
    expect(this.send()).toEqual(['a 0/0']);
    this.answer('a', 0);
  }

  at(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  expire(): boolean {
    return this.producer.expire(this.#nowMs);
  }

  told(): Record<string, string> {
    return Object.fromEntries(this.outcomes);
  }
}

const verdicts = {
  moved: verdictOf(6, -1, undefined),
  few: verdictOf(19, -1, undefined),
  slow: verdictOf(7, -1, undefined),
  gap: verdictOf(45, -1, undefined),
  known: verdictOf(46, -1, undefined),
  fenced: verdictOf(47, -1, undefined),
  large: verdictOf(10, -1, undefined),
  forbidden: verdictOf(29, -1, undefined),
  broken: brokenVerdict('cut'),
};

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
