import { expect, test } from 'vitest';
import { answerBytes } from './answer-bytes.ts';
import type { QueryError } from './errors.ts';

const textOf = (answer: object, bytesMax = 1_000_000) =>
  Buffer.concat(answerBytes(answer, bytesMax)).toString();

test.each([
  {},
  { a: [] },
  { a: undefined, b: null, c: [1, { d: ['é"\n', undefined] }], e: 'x', f: { g: [] } },
  { logs: Array.from({ length: 5_000 }, (_, i) => ({ body: `日${i}` })), cursor: undefined },
])('is what JSON.stringify makes of it: answer %#', (answer) => {
  expect(textOf(answer)).toBe(JSON.stringify(answer));
});

test('a larger answer is refused before it is whole', () => {
  const items = Array.from({ length: 100 }, () => 'x'.repeat(10_000));
  let read = 0;
  const counted = items.map((item) => ({ toJSON: () => `${++read}${item}` }));
  expect(() => textOf({ counted }, 200_000)).toThrow(/more than 200000 bytes: ask for less/);
  expect(read).toBeLessThan(40);
  const codeOf = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      return (error as QueryError).code;
    }
  };
  expect(codeOf(() => textOf({ items }, 10))).toBe('too-much-asked');
});
