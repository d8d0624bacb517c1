import { weigh } from '@spillway/store/search';
import { expect, test } from 'vitest';
import { inflationMax } from '../limits.ts';
import { Answers, InflatedAnswerError, parsedBytes } from './answers.ts';

const attributes = Array.from({ length: 30 }, (_, i) => ({
  key: `http.request.header.${i}`,
  value: i % 3 ? { stringValue: `value-${i}` } : { intValue: String(i) },
}));
const shapes = {
  'ordinary attributes': attributes,
  'empty values': Array.from({ length: 1_000 }, () => ({})),
  'empty lists': Array.from({ length: 1_000 }, () => []),
  'short texts': Array.from({ length: 1_000 }, (_, i) => `${i}`),
  pairs: Array.from({ length: 1_000 }, (_, i) => ({ a: `${i}` })),
};

test.each(Object.entries(shapes))('%s are not taken for less than they weigh', (_, shape) => {
  expect(parsedBytes(JSON.stringify(shape))).toBeGreaterThan(0.75 * weigh(shape).objects);
});

test('ordinary answers are read, and one that would grow in memory is not', () => {
  const hits = Array.from({ length: 200 }, () => ({ _source: { exact: { attributes } } }));
  const json = JSON.stringify({ hits });
  expect(parsedBytes(json)).toBeLessThan((inflationMax / 2) * json.length);
  expect(new Answers().deserialize(json)).toEqual({ hits });
  const small = JSON.stringify(shapes['empty values']);
  expect(new Answers().deserialize(small)).toHaveLength(1_000);
  const large = JSON.stringify(Array.from({ length: 10_000 }, () => ({})));
  expect(() => new Answers().deserialize(large)).toThrow(InflatedAnswerError);
});
