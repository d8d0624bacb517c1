import { expect, test } from 'vitest';
import { docText, exportsOf, faultOf, isDoc, publicExports } from './src/docs.ts';
import { productionFiles } from './src/repository.ts';
import { lineAt, parse } from './src/source.ts';

test('what a package exports has a doc', () => {
  const missing = publicExports().filter(({ doc }) => doc === undefined);
  expect([...new Set(missing.map(({ path, name }) => `${path}: ${name}`))]).toEqual([]);
});

test('the docs of exports are whole sentences', () => {
  const wrong = productionFiles.flatMap((path) =>
    exportsOf(path).flatMap(({ name, doc, offset }) => {
      const fault = doc === undefined ? undefined : faultOf(doc);
      return fault ? [`${path}:${lineAt(parse(path), offset)}: ${name} ${fault}`] : [];
    }),
  );
  expect(wrong).toEqual([]);
});

test('no doc begins in the middle of a sentence', () => {
  const wrong = productionFiles.flatMap((path) => {
    const source = parse(path);
    return source.comments
      .filter((comment) => isDoc(comment) && /^(Of|As|By|So)\b/.test(docText(comment.value)))
      .map(
        ({ start, value }) => `${path}:${lineAt(source, start)}: ${docText(value).slice(0, 60)}`,
      );
  });
  expect(wrong).toEqual([]);
});

test.each([
  ['Reads a file.', undefined],
  ['`x`, as `y` has it.', undefined],
  ['Reads a file.\n@throws Error when there is none', undefined],
  ['reads a file.', 'does not begin with a capital'],
  ['Reads a file', 'does not end with a period'],
  ['Of the file.', 'begins in the middle of a sentence'],
])('%j', (doc, fault) => {
  expect(faultOf(doc)).toBe(fault);
});
