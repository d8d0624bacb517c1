/** A member of a group in a process of its own, to be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface MemberOptions {
  bootstrap: readonly string[];
  driver: string;
  group: string;
  topic: string;
}

/** It polls, tells how many messages it has, and never commits. */
export async function startMember(options: MemberOptions) {
  const script = fileURLToPath(new URL('member-child.ts', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return {
    polled: (count: number) => untilPolled(child, count),
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function untilPolled(child: ChildProcess, count: number): Promise<void> {
  if (child.stdout === null) throw new Error('unreachable');
  for await (const chunk of child.stdout) {
    if (Number(String(chunk).trim().split('\n').at(-1)) >= count) return;
  }
  throw new Error('The member ended by itself');
}
