import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../python/', import.meta.url));

/**
 * The folder with the Python SDK of `requirements.txt`: installed from PyPI once, kept in the
 * user's cache. Rejects when there is no Python with pip, or nothing can be installed.
 */
export async function installPythonSdk(): Promise<string> {
  const requirements = join(folder, 'requirements.txt');
  const version = (await run('python3', ['--version'])).stdout;
  const digest = createHash('sha256').update(readFileSync(requirements)).update(version);
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'spillway-test');
  const kept = join(cache, `python-${digest.digest('hex').slice(0, 16)}`);
  if (existsSync(kept)) return kept;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, 'installing-'));
  try {
    const options = ['--quiet', '--disable-pip-version-check', '--target', fresh];
    await run('python3', ['-m', 'pip', 'install', ...options, '--requirement', requirements]);
    // In one step, so that a folder of that name is always whole.
    renameSync(fresh, kept);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return kept;
}

/** Runs a script of `python/` to its end. Rejects when it fails, with what it said. */
export async function runPython(sdk: string, script: string, args: string[]): Promise<void> {
  const env = { ...process.env, PYTHONPATH: sdk };
  await run('python3', [join(folder, script), ...args], { env });
}
