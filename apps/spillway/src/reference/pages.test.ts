import { readdirSync, readFileSync } from 'node:fs';
import { leavesOf } from '@spillway/runtime';
import { expect, test } from 'vitest';
import { spillwaySchema } from '../config.ts';
import { referencePages } from './pages.ts';

const folder = new URL('../../../../docs/reference/', import.meta.url);
const leaves = leavesOf(spillwaySchema);

test.each(referencePages)('docs/reference/$file is what `npm run docs` writes', async (page) => {
  expect(readFileSync(new URL(page.file, folder), 'utf8')).toBe(`${await page.render()}\n`);
});

test('docs/reference has no page that nothing writes', () => {
  const files = readdirSync(folder).sort();
  // The console writes its own, from the schemas of the query API.
  const written = [...referencePages.map(({ file }) => file), 'query-api.md'];
  expect(files).toEqual(written.sort());
});

test('every setting is described in whole sentences', () => {
  const sentences = /^[A-Z](?:.|\n){20,}\.$/;
  const wrong = leaves.filter(({ description }) => !sentences.test(description));
  expect(wrong.map(({ key, description }) => `${key}: ${description}`)).toEqual([]);
});

test('the description of a setting names the unit that ends its name', () => {
  const units = [
    [/Ms$/, /millisecond/i],
    [/Bytes(Max|PerSecond|PerSecondMin|PerSecondMax|Burst)?$/, /bytes/i],
    [/Hours$/, /hours/i],
    [/Minutes(Max)?$/, /minutes/i],
    [/Seconds$/, /seconds/i],
  ] as const;
  const wrong = leaves.filter(({ key, description }) =>
    units.some(([name, unit]) => name.test(key) && !unit.test(description)),
  );
  expect(wrong.map(({ key, description }) => `${key}: ${description}`)).toEqual([]);
});
