import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const outputBytesMax = 16 * 1024 * 1024;
const tailChars = 4000;

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  timeoutMs: number;
}

/** Runs a program to its end and returns its output; an error contains what it said last. */
export async function run(
  [program, ...args]: readonly [string, ...string[]],
  { cwd, env, timeoutMs }: RunOptions,
): Promise<string> {
  try {
    const { stdout } = await exec(program, args, {
      cwd,
      env: { ...process.env, ...env },
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: outputBytesMax,
    });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const said = `${stdout}${stderr}`.trim().slice(-tailChars);
    throw new Error(`${program} ${args[0] ?? ''} failed: ${said || (error as Error).message}`, {
      cause: error,
    });
  }
}
