import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { releasedChangelog, releaseNotes } from './changelog.ts';
import { checkNext, withVersion } from './version.ts';

/** What a release is made of. */
export interface ReleaseOptions {
  /** Folder of the repository. */
  root: string;
  /** Semantic version, later than the current one. */
  version: string;
  /** Shows every step, and takes none that leaves a trace. */
  isDryRun: boolean;
  /** Day of the release, as 2026-01-31. */
  date: string;
  say: (line: string) => void;
}

/** Where the SBOM and nothing else is written; git ignores it. */
const sbomFolder = 'dist';

/**
 * Makes a release: version in every package.json, changelog, SBOM, image, commit, tag. Pushes nothing.
 * @throws Error before anything is changed, when something is not as a release needs it
 */
export function release(options: ReleaseOptions): void {
  const { root, version, isDryRun, date, say } = options;
  const current = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version as string;
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  checkNext(version, current);
  const notes = releaseNotes(changelog);
  if (!isDryRun) checkRepository(options);
  const step = (what: string, take: () => void): void => {
    say(`${isDryRun ? 'would ' : ''}${what}`);
    if (!isDryRun) take();
  };
  const manifests = manifestsOf(root);
  step(`set version ${version} in ${manifests.length} package.json files`, () => {
    for (const path of manifests) {
      writeFileSync(path, withVersion(readFileSync(path, 'utf8'), version));
    }
    run(root, 'npm', ['install', '--package-lock-only', '--ignore-scripts', '--no-audit']);
  });
  step(`move ${notes.split('\n').length} lines of CHANGELOG.md to ${version} - ${date}`, () =>
    writeFileSync(join(root, 'CHANGELOG.md'), releasedChangelog(changelog, version, date)),
  );
  const sbom = sbomOf(root);
  const sbomPath = join(sbomFolder, `spillway-${version}.cdx.json`);
  step(`write ${sbomPath}, CycloneDX with ${componentsOf(sbom)} components`, () => {
    mkdirSync(join(root, sbomFolder), { recursive: true });
    writeFileSync(join(root, sbomPath), sbom);
  });
  const image = ['build', '-f', 'infra/docker/Dockerfile', '-t', `spillway:${version}`, '.'];
  step(`run docker ${image.join(' ')}`, () => run(root, 'docker', image));
  step(`commit and tag v${version}`, () => {
    run(root, 'git', ['commit', '--all', '--message', `Release ${version}`]);
    run(root, 'git', ['tag', '--annotate', `v${version}`, '--message', `Spillway ${version}`]);
  });
}

function checkRepository({ root, version }: ReleaseOptions): void {
  if (run(root, 'git', ['status', '--porcelain']) !== '') {
    throw new Error('the work tree has changes: commit or remove them first');
  }
  if (run(root, 'git', ['tag', '--list', `v${version}`]) !== '') {
    throw new Error(`the tag v${version} exists`);
  }
}

function manifestsOf(root: string): string[] {
  const patterns = ['package.json', '{apps,packages,infra,test}/*/package.json'];
  return globSync(patterns, { cwd: root }).map((path) => join(root, path));
}

/** Everything that the image has: what the program needs in production. */
function sbomOf(root: string): string {
  const options = ['--sbom-format', 'cyclonedx', '--omit', 'dev', '--workspace', 'spillway'];
  return run(root, 'npm', ['sbom', ...options]);
}

function componentsOf(sbom: string): number {
  const { components } = JSON.parse(sbom) as { components: unknown[] };
  return components.length;
}

function run(root: string, program: string, words: readonly string[]): string {
  const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit'];
  const outputBytesMax = 64 * 1_048_576;
  return execFileSync(program, words, {
    cwd: root,
    stdio,
    encoding: 'utf8',
    maxBuffer: outputBytesMax,
  });
}
