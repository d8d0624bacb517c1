const semver = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?$/;

/**
 * Checks that a version can follow another one.
 * @throws Error when it is no semantic version, or not a later one
 */
export function checkNext(version: string, current: string): void {
  if (!semver.test(version)) throw new Error(`wanted a version such as 0.2.0, got "${version}"`);
  if (!isLater(version, current)) throw new Error(`${version} is not later than ${current}`);
}

/** Replaces the version in the text of a package.json, and nothing else. */
export function withVersion(manifest: string, version: string): string {
  return manifest.replace(/^( {2}"version": )"[^"]*"/m, `$1"${version}"`);
}

function isLater(version: string, current: string): boolean {
  const [a, b] = [partsOf(version), partsOf(current)];
  const differs = a.numbers.findIndex((number, i) => number !== b.numbers[i]);
  if (differs >= 0) return (a.numbers[differs] ?? 0) > (b.numbers[differs] ?? 0);
  if (b.before === undefined) return false;
  return a.before === undefined || a.before > b.before;
}

function partsOf(version: string): { numbers: number[]; before: string | undefined } {
  const [, major, minor, patch, before] = semver.exec(version) ?? [];
  return { numbers: [major, minor, patch].map(Number), before };
}
