import { expect, test } from 'vitest';
import { longFunctionsOf } from './src/functions.ts';
import { readText, sourceFiles } from './src/repository.ts';
import { fileLinesMax, filesPerFolderMax, functionLinesMax, longFunctions } from './src/sizes.ts';
import { lineAt, parse, walk } from './src/source.ts';

test(`no file has more than ${fileLinesMax} lines`, () => {
  const long = sourceFiles.filter((path) => readText(path).split('\n').length - 1 > fileLinesMax);
  expect(long).toEqual([]);
});

test(`no folder has more than ${filesPerFolderMax} files side by side`, () => {
  const folders = Map.groupBy(sourceFiles, (path) => path.slice(0, path.lastIndexOf('/')));
  const full = [...folders].filter(([, files]) => files.length > filesPerFolderMax);
  expect(full.map(([folder]) => folder)).toEqual([]);
});

// An exception that is not needed any more fails, too.
test(`no function has more than ${functionLinesMax} lines`, () => {
  const long = sourceFiles.flatMap((path) => longFunctionsOf(parse(path), functionLinesMax));
  expect(long.map(({ name }) => name).sort()).toEqual(Object.keys(longFunctions).sort());
});

test('no object literal is spread into another one', () => {
  const found = sourceFiles.flatMap((path) => {
    const source = parse(path);
    const places: string[] = [];
    walk(source.program, (node) => {
      if (node.type === 'SpreadElement' && node.argument.type === 'ObjectExpression') {
        places.push(`${path}:${lineAt(source, node.start)}`);
      }
      return undefined;
    });
    return places;
  });
  expect(found).toEqual([]);
});
