import { setTimeout as sleep } from 'node:timers/promises';
import { runSpillway } from '@spillway/test-support';
import { expect } from 'vitest';
import type { Canary } from './canary.ts';

/** Ends it: it got an answer to everything, and no refusal. */
export async function wasServed(canary: Canary | undefined): Promise<void> {
  const sung = await canary?.stop();
  expect(sung?.refused).toEqual({});
  expect(sung?.accepted).toBe(sung?.sent);
}

interface Lag {
  messages: number | null;
}

/** Until every group has read everything, three looks in a row. */
export async function caughtUp(look: () => Promise<readonly Lag[]>): Promise<void> {
  for (let quiet = 0; quiet < 3; ) {
    const lag = await look();
    quiet = lag.length > 0 && lag.every(({ messages }) => messages === 0) ? quiet + 1 : 0;
    await sleep(50);
  }
}

/** Every record is accounted for; asked of the process that runs on the folder. */
export async function audited(
  dataDir: string,
  env: Readonly<Record<string, string>>,
): Promise<Record<string, number>> {
  const { code, stdout, stderr } = await runSpillway(['audit', '--json', '--data', dataDir], env);
  expect(code, stdout.slice(0, 3000) + stderr).toBe(0);
  return (JSON.parse(stdout) as { totals: Record<string, number> }).totals;
}
