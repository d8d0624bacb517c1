import { describe, expect, test } from 'vitest';
import { longFunctionsOf } from './src/functions.ts';
import { readText, sourceFiles } from './src/repository.ts';
import {
  fileLinesMax,
  filesPerFolderMax,
  functionLinesMax,
  longFiles,
  longFunctions,
} from './src/sizes.ts';
import { lineAt, parse, walk } from './src/source.ts';

test(`no file has more than ${fileLinesMax} lines`, () => {
  const long = sourceFiles.filter((path) => linesOf(path) > fileLinesMax);
  expect(long.map((path) => `${path}: ${linesOf(path)}`)).toEqual(
    long.filter((path) => path in longFiles).map((path) => `${path}: ${linesOf(path)}`),
  );
});

test(`no function has more than ${functionLinesMax} lines`, () => {
  const found = sourceFiles
    .flatMap((path) => longFunctionsOf(parse(path), functionLinesMax))
    .filter(({ name }) => !(name in longFunctions));
  expect(found.map(({ name, lines }) => `${name}: ${lines}`)).toEqual([]);
});

test(`no folder has more than ${filesPerFolderMax} files side by side`, () => {
  const folders = Map.groupBy(sourceFiles, (path) => path.slice(0, path.lastIndexOf('/')));
  const full = [...folders].filter(([, files]) => files.length > filesPerFolderMax);
  expect(full.map(([folder, files]) => `${folder}: ${files.length}`)).toEqual([]);
});

test('no object literal is spread into another one', () => {
  const found = sourceFiles.flatMap((path) => {
    const source = parse(path);
    const lines: string[] = [];
    walk(source.program, (node) => {
      if (node.type === 'SpreadElement' && node.argument.type === 'ObjectExpression') {
        lines.push(`${path}:${lineAt(source, node.start)}`);
      }
      return undefined;
    });
    return lines;
  });
  expect(found).toEqual([]);
});

describe('every exception is needed', () => {
  test.each(Object.keys(longFiles))('%s', (path) => {
    expect(linesOf(path)).toBeGreaterThan(fileLinesMax);
  });

  test('functions', () => {
    const found = sourceFiles.flatMap((path) => longFunctionsOf(parse(path), functionLinesMax));
    const names = new Set(found.map(({ name }) => name));
    expect(Object.keys(longFunctions).filter((name) => !names.has(name))).toEqual([]);
  });
});

function linesOf(path: string): number {
  return readText(path).split('\n').length - 1;
}
