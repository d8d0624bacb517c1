import { expect } from 'vitest';
import { PartitionProducer } from '../src/produce/partition/partition-producer.ts';
import type {
  Attempt,
  BatchOutcome,
  ProducerBatch,
} from '../src/produce/partition/producer-batch.ts';
import { brokenVerdict, type Verdict, verdictOf } from '../src/produce/partition/verdict.ts';

/** A batch that keeps in `outcomes`, by its name, what became of it. */
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

/** What happens to one partition's producer, in words, so that a test reads as a story. */
export class Story {
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

/** What a broker may answer, by a word. */
export const verdicts = {
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
