import { expect, test } from 'vitest';
import type { QueryError } from '../http/errors.ts';
import { AnswerPieces, answerBytes } from './answer-bytes.ts';

const pieces = new AnswerPieces();

function textOf(answer: object, bytesMax = 1_000_000): string {
  const bytes = answerBytes(answer, { bytesMax, pieces });
  const text = Buffer.concat(bytes).toString();
  pieces.giveBack(bytes);
  return text;
}

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

test('pieces are used again', () => {
  const own = new AnswerPieces();
  const logs = Array.from({ length: 300 }, () => 'x'.repeat(1_000));
  const buffers = new Set<ArrayBufferLike>();
  for (let i = 0; i < 10; i++) {
    const bytes = answerBytes({ logs }, { bytesMax: 1_000_000, pieces: own });
    for (const { buffer } of bytes) buffers.add(buffer);
    own.giveBack(bytes);
  }
  expect(buffers.size).toBe(5);
});
