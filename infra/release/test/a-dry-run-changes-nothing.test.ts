import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

test('a dry run shows every step of a release, with the real SBOM, and changes nothing', () => {
  const before = contents();
  const lines = dryRun('99.0.0').stdout.trim().split('\n');
  expect(lines).toEqual([
    expect.stringMatching(/^would set version 99\.0\.0 in \d{2} package\.json files$/),
    expect.stringMatching(
      /^would move \d+ lines of CHANGELOG\.md to 99\.0\.0 - \d{4}-\d{2}-\d{2}$/,
    ),
    expect.stringMatching(
      /^would write dist\/spillway-99\.0\.0\.cdx\.json, CycloneDX with \d{2,} /,
    ),
    'would run docker build -f infra/docker/Dockerfile -t spillway:99.0.0 .',
    'would commit and tag v99.0.0',
  ]);
  expect(contents()).toBe(before);
});

test('a version that is not later is refused', () => {
  const { status, stderr } = dryRun('0.0.1');
  expect(status).toBe(1);
  expect(stderr).toContain('release: 0.0.1 is not later than');
});

function dryRun(version: string) {
  const words = ['infra/release/src/main.ts', version, '--dry-run'];
  return spawnSync(process.execPath, words, { cwd: root, encoding: 'utf8' });
}

/** Everything that a release changes, as it is now. */
function contents(): string {
  const git = (...words: string[]) => execFileSync('git', words, { cwd: root, encoding: 'utf8' });
  const files = ['*package.json', 'package-lock.json', 'CHANGELOG.md'];
  return `${git('diff', 'HEAD', '--', ...files)}${git('tag')}${git('log', '-1')}`;
}
