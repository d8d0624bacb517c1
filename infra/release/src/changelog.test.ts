import { expect, test } from 'vitest';
import { releasedChangelog, releaseNotes } from './changelog.ts';

const changelog = `# Changelog

## Unreleased

### Added
- Something.

## 0.1.0 - 2026-01-01

- The first.
`;

test('what is unreleased gets the version and the date, and an empty section above it', () => {
  expect(releasedChangelog(changelog, '0.2.0', '2026-02-02')).toBe(`# Changelog

## Unreleased

## 0.2.0 - 2026-02-02

### Added
- Something.

## 0.1.0 - 2026-01-01

- The first.
`);
});

test('a changelog without earlier releases is released whole', () => {
  const first = '# Changelog\n\n## Unreleased\n\n- All of it.\n';
  expect(releasedChangelog(first, '0.1.0', '2026-01-01')).toBe(
    '# Changelog\n\n## Unreleased\n\n## 0.1.0 - 2026-01-01\n\n- All of it.\n',
  );
});

test('nothing unreleased is nothing to release', () => {
  expect(() => releaseNotes('## Unreleased\n\n## 0.1.0\n- x\n')).toThrow(
    'nothing under Unreleased',
  );
  expect(() => releaseNotes('# Changelog\n')).toThrow('no section');
});
