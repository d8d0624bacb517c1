import { describe, expect, test } from 'vitest';
import { documents, productionFiles, readText, sourceFiles } from './src/repository.ts';
import { lineAt, parse, walk } from './src/source.ts';
import { isExcepted, wordsOf, wrongWord } from './src/words.ts';

describe('the words of the field', () => {
  test.each(productionFiles)('%s', (path) => {
    const source = parse(path);
    const { program, comments } = source;
    const found: string[] = [];
    const check = (words: string, offset: number): void => {
      const wrong = isExcepted(path, words) ? undefined : wrongWord(words);
      if (wrong) found.push(`${path}:${lineAt(source, offset)}: ${wrong}`);
    };
    for (const { value, start } of comments) check(value, start);
    walk(program, (node) => {
      if (node.type === 'ImportDeclaration' || node.type === 'ExportAllDeclaration') return false;
      if (node.type === 'Literal' && typeof node.value === 'string') check(node.value, node.start);
      if (node.type === 'TemplateElement') check(node.value.raw, node.start);
      if (node.type === 'JSXText') check(node.value, node.start);
      if (node.type === 'Identifier' || node.type === 'PrivateIdentifier') {
        check(wordsOf(node.name), node.start);
      }
      return undefined;
    });
    expect(found).toEqual([]);
  });

  test.each(documents)('%s', (path) => {
    const isMarkdown = path.endsWith('.md');
    const found = readText(path)
      .split('\n')
      .map((line) => (isMarkdown ? line.replace(/(?<!`)`[^`]+`(?!`)/g, '') : line))
      .flatMap((line, i) => {
        const wrong = isExcepted(path, line) ? undefined : wrongWord(line);
        return wrong ? [`${path}:${i + 1}: ${wrong}`] : [];
      });
    expect(found).toEqual([]);
  });
});

test('names of files', () => {
  const found = [...sourceFiles, ...documents].flatMap((path) => {
    const wrong = wrongWord(wordsOf(path.split('/').at(-1) ?? ''));
    return wrong ? [`${path}: ${wrong}`] : [];
  });
  expect(found).toEqual([]);
});

test('the rules find the words, and no others', () => {
  expect(wrongWord('an error, told to its operator')).toContain('told');
  expect(wrongWord(wordsOf('tellAgain'))).toContain('tell');
  expect(wrongWord(wordsOf('isOurs'))).toContain('ours');
  expect(wrongWord('the letter of a group')).toContain('letter');
  expect(wrongWord('a dead letter, a dead-letter topic')).toBeUndefined();
  expect(wrongWord(wordsOf('deadLetterTopicOf'))).toBeUndefined();
  expect(wrongWord(wordsOf('retentionHours'))).toBeUndefined();
});
