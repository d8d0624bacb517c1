import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { cached } from './cache.ts';
import { findPrograms, type Program } from './packages.ts';
import { run } from './run.ts';
import { say } from './say.ts';

export const java: Program = { name: 'java', debianPackage: 'default-jre-headless' };
export const javac: Program = { name: 'javac', debianPackage: 'default-jdk-headless' };
const maven: Program = { name: 'mvn', debianPackage: 'maven' };

const mavenTimeoutMs = 10 * 60_000;

/**
 * For servers that live for minutes: the quick compiler alone and the plainest collector halve the
 * CPU time of a start (Kafka: 4.6 to 2.6 seconds) and cost some of the peak throughput.
 */
export const quickStart = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:-UsePerfData'];

/**
 * A folder of the cache with the run-time dependencies of a pom in `lib/`; `finish` adds what is
 * made from them. A change of the pom or of `recipe` makes another folder.
 */
export async function jarsOf(
  pom: string,
  { recipe = '', finish }: { recipe?: string; finish: (dir: string) => Promise<void> },
): Promise<string> {
  const name = basename(dirname(pom));
  const hash = createHash('sha256')
    .update(await readFile(pom))
    .update(recipe)
    .digest('hex');
  return cached(`${name}-${hash.slice(0, 12)}`, async (dir) => {
    const [mvn = ''] = await findPrograms([maven]);
    say(`downloading the jars of ${name} with Maven, once: they are not in the cache`);
    const into = [`-DoutputDirectory=${join(dir, 'lib')}`, '-DincludeScope=runtime'];
    const copy = [mvn, '-B', '-q', '-f', pom, 'dependency:copy-dependencies', ...into] as const;
    await run(copy, { cwd: dir, timeoutMs: mavenTimeoutMs });
    await finish(dir);
  });
}

/** The jars of a folder, and `first` before them, in an order that is the same on every machine. */
export async function classPath(lib: string, ...first: string[]): Promise<string> {
  const jars = (await readdir(lib)).filter((file) => file.endsWith('.jar')).sort();
  return [...first, ...jars.map((jar) => join(lib, jar))].join(':');
}
