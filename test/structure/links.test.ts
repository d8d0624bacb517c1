import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { documents, isThere, readText, workspaces } from './src/repository.ts';

const pages = documents.filter((path) => path.endsWith('.md'));

describe('every link to a file of this repository leads to one', () => {
  test.each(pages)('%s', (page) => {
    const broken = [...readText(page).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^([a-z]+:|#)/.test(target))
      .filter((target) => !isThere(join(dirname(page), target.replace(/#.*$/, ''))));
    expect(broken).toEqual([]);
  });
});

describe('what CONTRIBUTING names as the answer to a question', () => {
  const questions = readText('CONTRIBUTING.md').matchAll(/^\| … (.*) \| `([^`]+)` \|$/gm);
  const answers = [...questions].map(([, question = '', file = '']) => ({ question, file }));

  test('there are at least ten', () => {
    expect(answers.length).toBeGreaterThanOrEqual(10);
  });

  test.each(answers)('$question', ({ file }) => {
    expect(isThere(file)).toBe(true);
  });
});

test('every path that CONTRIBUTING names is there', () => {
  const named = readText('CONTRIBUTING.md').matchAll(/`((?:apps|packages|infra|test)\/[\w./-]+)`/g);
  const paths = [...named].map(([, path = '']) => path);
  expect(paths.length).toBeGreaterThan(20);
  expect(paths.filter((path) => !isThere(path))).toEqual([]);
});

test('every package and app has a README', () => {
  const missing = workspaces
    .filter((folder) => /^(apps|packages)\//.test(folder))
    .filter((folder) => !isThere(`${folder}/README.md`));
  expect(missing).toEqual([]);
});

test('the index of decisions has each of them, in order', () => {
  const listed = [...readText('docs/adr/README.md').matchAll(/^\| \[\d+\]\((.*)\)/gm)];
  const files = pages
    .filter((path) => /^docs\/adr\/\d/.test(path))
    .map((path) => path.split('/').at(-1));
  expect(listed.map(([, file]) => file)).toEqual(files);
});

test('Node has one version everywhere', () => {
  const version = readText('.nvmrc').trim();
  expect(JSON.parse(readText('package-lock.json')).packages['node_modules/node'].version).toBe(
    version,
  );
  expect(readText('infra/docker/Dockerfile')).toContain(`NODE_IMAGE=node:${version}-`);
});
