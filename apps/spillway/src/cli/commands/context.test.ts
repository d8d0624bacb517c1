import { describe, expect, it } from 'vitest';
import { OperationError } from '../operation-error.ts';
import { parseTime } from './context.ts';

describe('parseTime', () => {
  it.each([
    ['90m', 5_400_000],
    ['1.5h', 5_400_000],
    ['1970-01-01T00:00:01Z', 9_999_000],
    ['1000', 9_999_000],
  ])('reads %s', (text, ageMs) => {
    expect(parseTime(text, 10_000_000)).toBe(10_000_000 - ageMs);
  });

  it.each([
    'yesterday',
    '999999999999d',
    '9'.repeat(40),
    '2200-01-01T00:00:00Z',
    '-1',
    'NaN',
    '1e9',
  ])('tells %s as a mistake of the caller: it is no time that a store is asked for', (text) => {
    expect(() => parseTime(text, 1_767_225_600_000)).toThrow(OperationError);
  });
});
