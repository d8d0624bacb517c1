import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { cached } from './cache.ts';
import { findPrograms, type Program } from './packages.ts';
import { run } from './run.ts';
import { say } from './say.ts';

export const java: Program = { name: 'java', debianPackage: 'default-jre-headless' };
export const javac: Program = { name: 'javac', debianPackage: 'default-jdk-headless' };
export const jar: Program = { name: 'jar', debianPackage: 'default-jdk-headless' };
const maven: Program = { name: 'mvn', debianPackage: 'maven' };

const mavenTimeoutMs = 10 * 60_000;
const archive = 'classes.jsa';

export interface JavaInstallation {
  /** The folder of the cache. */
  dir: string;
  /** `java`. */
  program: string;
  /** What comes after it and after options of the moment, up to the name of the main class. */
  options: readonly string[];
}

/**
 * Options for servers that live for minutes: the quick compiler alone and the plainest collector
 * halve the CPU time of a start (Kafka: 4.6 to 2.6 seconds) and cost some of the peak throughput.
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

/**
 * Options by which a JVM maps its classes from an archive instead of loading each (Kafka: 2.6 to
 * 1.7 CPU-seconds of a start). `train` makes it, once for these jars and this JVM, by a run to a
 * regular end with the options it is given.
 */
export async function sharedClasses(
  { dir, program }: JavaInstallation,
  train: (options: readonly string[]) => Promise<void>,
): Promise<string[]> {
  const jvm = await realpath(program);
  const { mtimeMs } = await stat(jvm);
  const hash = createHash('sha256').update(`${dir}\n${jvm}\n${mtimeMs}`).digest('hex');
  const folder = await cached(`${basename(dir)}-classes-${hash.slice(0, 12)}`, async (draft) => {
    say(`preparing quick starts of ${basename(dir)}, once, by a start and a stop`);
    await train([`-XX:ArchiveClassesAtExit=${join(draft, archive)}`]);
  });
  return [`-XX:SharedArchiveFile=${join(folder, archive)}`];
}

/** The jars of a folder, in an order that is the same on every machine. */
export async function classPath(lib: string): Promise<string> {
  const jars = (await readdir(lib)).filter((file) => file.endsWith('.jar')).sort();
  return jars.map((jar) => join(lib, jar)).join(':');
}
