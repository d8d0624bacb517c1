import { expect, test } from 'vitest';
import { z } from 'zod';
import { settingType } from './config-type.ts';

test.each([
  [z.int().min(0).max(9), 'integer, 0 to 9'],
  [z.int().min(1), 'integer, at least 1'],
  [z.number().positive(), 'number, above 0'],
  [z.number().positive().max(5), 'number, above 0, at most 5'],
  [z.boolean(), 'true or false'],
  [z.enum(['a', 'b', 'c']), 'a, b or c'],
  [z.array(z.string()), 'list of strings'],
  [z.array(z.enum(['a', 'b'])), 'list of a or b'],
  [z.record(z.string(), z.number()), 'map'],
  [z.string().regex(/x/), 'string'],
])('a schema is described in words: %#', (schema, text) => {
  expect(settingType(schema)).toBe(text);
});
