import { expect, test } from 'vitest';
import { rollUpName } from './roll-up-name.ts';

test('a name within the limit stays as it is', () => {
  expect(rollUpName('GET /api/carts/{id}', 250)).toBe('GET /api/carts/{id}');
  expect(rollUpName('日本', 6)).toBe('日本');
});

test('a longer one is marked as cut, and never longer than the limit', () => {
  expect(rollUpName('x'.repeat(1_000_000), 30)).toMatch(/^x{18}…#[0-9a-f]{8}$/);
  for (const unit of ['x', 'é', '日', '🚰', '\ud800']) {
    for (let length = 20; length < 120; length++) {
      const short = rollUpName(unit.repeat(length), 100);
      expect(Buffer.byteLength(short)).toBeLessThanOrEqual(100);
      expect(short.isWellFormed()).toBe(true);
      if (unit !== '\ud800') expect(short).not.toContain('\ufffd');
    }
  }
});

test('two long names stay two, also where they differ at their end only', () => {
  const [a, b] = ['a', 'b'].map((end) => rollUpName('x'.repeat(5_000) + end, 250));
  expect(a).not.toBe(b);
});

test('characters that separate names are taken out', () => {
  expect(rollUpName('a\u0000b\nc\u0085', 250)).toBe('a b c ');
});
