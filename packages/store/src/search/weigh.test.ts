import { setImmediate } from 'node:timers/promises';
import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { weigh } from './weigh.ts';

v8.setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const text = (chars: number) => 'x'.repeat(chars);
const attributes = (count: number, value: () => object) =>
  Array.from({ length: count }, (_, i) => ({ key: `key.${i}`, value: value() }));

const shapes: Record<string, () => unknown> = {
  'empty values': () => Array.from({ length: 100 }, () => ({})),
  'lists in lists': () => Array.from({ length: 100 }, () => []),
  'ordinary attributes': () => attributes(20, () => ({ stringValue: text(30) })),
  numbers: () => Array.from({ length: 100 }, (_, i) => (i % 2 ? i / 7 : i)),
  'points of a chart': () => Array.from({ length: 100 }, (_, i) => [i * 1e9, i / 3]),
  'a large text': () => text(10_000),
  'a large text of wide characters': () => '日'.repeat(5_000),
  'many keys': () => Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, i])),
};

test.each(Object.entries(shapes))('%s take no more than they weigh', async (name, shape) => {
  const json = JSON.stringify(shape());
  const copies = Math.ceil(4_000_000 / json.length);
  const kept: unknown[] = new Array(copies);
  const before = await heapBytes();
  // Each of another text, so that none is shared.
  for (let i = 0; i < copies; i++) kept[i] = JSON.parse(json);
  const taken = ((await heapBytes()) - before) / copies;
  const weighed = weigh(kept[0]);
  expect(weighed.text, name).toBeGreaterThanOrEqual(Buffer.byteLength(json));
  expect(weighed.text).toBeLessThan(1.5 * Buffer.byteLength(json));
  expect(weighed.objects).toBeGreaterThanOrEqual(0.95 * taken);
  expect(weighed.objects).toBeLessThan(2.5 * taken + 100);
});

test('text is weighed as JSON writes it', () => {
  for (const value of ['"\\\n\0', 'é日\ud800😀', { a: undefined, b: [null, true, -0, 1e300] }]) {
    expect(weigh(value).text).toBeGreaterThanOrEqual(Buffer.byteLength(JSON.stringify(value)));
  }
});

async function heapBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await setImmediate();
    collect();
  }
  return process.memoryUsage().heapUsed;
}
