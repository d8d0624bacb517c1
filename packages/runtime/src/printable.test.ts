import { describe, expect, it } from 'vitest';
import { printable, printableLine } from './printable.ts';

describe('text for a terminal', () => {
  it.each([
    ['\u001b[2J\u001b]0;owned\u0007', '\\u001b[2J\\u001b]0;owned\\u0007'],
    ['over\rwritten\b', 'over\\u000dwritten\\u0008'],
    ['\u009b31m', '\\u009b31m'],
    ['\u007f', '\\u007f'],
    ['user\u202etxt.exe\u2066', 'user\\u202etxt.exe\\u2066'],
    ['half \ud800 pair', 'half \\ud800 pair'],
    ['plain, naïve, 注文, 🛒', 'plain, naïve, 注文, 🛒'],
  ])('%j is shown as %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('keeps the lines of a text, and none in a cell', () => {
    expect(printable('a\tb\nc')).toBe('a\tb\nc');
    expect(printableLine('a\tb\nc\u001b')).toBe('a\\u0009b\\u000ac\\u001b');
  });

  it('leaves JSON what it was', () => {
    const value = { name: 'x\u001b[0m\u009b\u202e', list: ['\u2028'] };
    expect(JSON.parse(printable(JSON.stringify(value, null, 2)))).toEqual(value);
  });
});
