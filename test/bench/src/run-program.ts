import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface RunOptions {
  input?: string;
  env?: Record<string, string>;
}

/** Runs a program to its end, resolves with what it printed; rejects when it fails. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { input = '', env }: RunOptions = {},
): Promise<string> {
  const child = spawn(program, args, { env: { ...process.env, ...env } });
  child.stdin.on('error', () => {}); // it read no more; how it ends tells why
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const [code, out, problems] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${problems}`);
  return out;
}
