import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { runSpillway } from '@spillway/test-support';
import type { CanaryReport } from './canary.ts';

/** It got an answer to everything, and no refusal. */
export function wasServed({ sent, accepted, refused }: CanaryReport): void {
  assert.deepEqual(refused, {}, `the canary was refused: ${JSON.stringify(refused)}`);
  assert.equal(accepted, sent);
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
  assert.equal(code, 0, stdout.slice(0, 3000) + stderr);
  return (JSON.parse(stdout) as { totals: Record<string, number> }).totals;
}
