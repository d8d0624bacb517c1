import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { exists } from './cache.ts';
import { withLock } from './lock.ts';
import { isAlive, signalAll } from './process-tree.ts';
import { run } from './run.ts';
import { say } from './say.ts';

export interface Program {
  name: string;
  /** Debian's package for it. */
  debianPackage: string;
  /** Folders to look into before those of PATH; asked again after an installation. */
  folders?: () => Promise<readonly string[]>;
  /** Services that the package would start, although they were not asked for. */
  units?: readonly string[];
}

const aptTimeoutMs = 10 * 60_000;
/** Its exit code means to maintainer scripts that no service may start now (invoke-rc.d(8)). */
const policyFile = '/usr/sbin/policy-rc.d';
const policy = '#!/bin/sh\nexit 101\n';

/** Finds where each program is; what is missing is installed by apt when we are root. */
export async function findPrograms(programs: readonly Program[]): Promise<string[]> {
  const missing = await missingOf(programs);
  if (missing.length > 0) await install(missing);
  return Promise.all(
    programs.map(async (program) => {
      const path = await locate(program);
      if (path === undefined)
        throw new Error(`there is no program ${program.name} on this machine`);
      return path;
    }),
  );
}

async function install(programs: readonly Program[]): Promise<void> {
  const packages = [...new Set(programs.map(({ debianPackage }) => debianPackage))].join(' ');
  const names = programs.map(({ name }) => name).join(', ');
  if (process.getuid?.() !== 0 || (await locate({ name: 'apt-get' })) === undefined) {
    throw new Error(
      `${names} not found: install ${packages} (on Debian or Ubuntu: sudo apt-get install ${packages})`,
    );
  }
  await withLock(join(tmpdir(), 'spillway-native-apt.lock'), async () => {
    const missing = await missingOf(programs); // another process may have been faster
    if (missing.length > 0) await aptInstall(missing);
  });
}

async function aptInstall(programs: readonly Program[]): Promise<void> {
  const packages = [...new Set(programs.map(({ debianPackage }) => debianPackage))];
  say(`installing ${packages.join(' ')} with apt-get: ${programs[0]?.name} is not on this machine`);
  const options = { timeoutMs: aptTimeoutMs, env: { DEBIAN_FRONTEND: 'noninteractive' } };
  const apt = ['apt-get', '-q', '-y', '-o', 'DPkg::Lock::Timeout=300'] as const;
  const epmdsBefore = await epmds();
  const isNew = !(await exists(policyFile));
  if (isNew) await writeFile(policyFile, policy, { mode: 0o755 });
  try {
    // Old lists may do, and another update may be under way.
    await run([...apt, 'update'], options).catch((error) => say((error as Error).message));
    await run([...apt, 'install', '--no-install-recommends', ...packages], options);
  } finally {
    if (isNew) await rm(policyFile, { force: true });
  }
  // RabbitMQ's package leaves a port mapper running, whatever the policy says.
  signalAll(
    (await epmds()).filter((pid) => !epmdsBefore.includes(pid)),
    'SIGTERM',
  );
  const units = programs.flatMap((program) => program.units ?? []);
  if (units.length > 0 && (await exists('/run/systemd/system'))) {
    await run(['systemctl', 'disable', ...units], { timeoutMs: 60_000 });
    say(`${units.join(', ')} will not start at boot; systemctl enable changes that`);
  }
}

async function epmds(): Promise<number[]> {
  const listed = await run(['pgrep', '-x', 'epmd'], { timeoutMs: 10_000 }).catch(() => '');
  return listed.split('\n').filter(Boolean).map(Number).filter(isAlive);
}

async function missingOf(programs: readonly Program[]): Promise<Program[]> {
  const found = await Promise.all(programs.map(locate));
  return programs.filter((_, index) => found[index] === undefined);
}

async function locate({
  name,
  folders = async () => [],
}: Pick<Program, 'name' | 'folders'>): Promise<string | undefined> {
  const path = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  for (const folder of [...(await folders()), ...path, '/usr/sbin']) {
    const candidate = join(folder, name);
    if (await exists(candidate)) return candidate;
  }
  return undefined;
}
