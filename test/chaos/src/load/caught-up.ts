import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosLab } from '../chaos-lab.ts';

const pollMs = 400;
/** So often in a row nothing is on its way, and nothing changes. */
const quietPolls = 3;

/**
 * Until nothing is on its way any more. As long as anything moves, it is waited for; resolves with
 * what is left when nothing has moved for `stallMs`, or undefined.
 */
export async function untilCaughtUp(
  lab: ChaosLab,
  { sinceMs, stallMs }: { sinceMs: number; stallMs: number },
): Promise<string | undefined> {
  let [last, movedMs, quiet] = ['', performance.now(), 0];
  while (quiet < quietPolls) {
    await sleep(pollMs);
    const now = await lab.backlog(sinceMs).catch((error: Error) => error.message);
    const text = JSON.stringify(now);
    const moves = text !== last;
    if (moves) movedMs = performance.now();
    last = text;
    const isEmpty = typeof now !== 'string' && now.lag === 0 && isSettled(now.ledger);
    quiet = isEmpty && !moves ? quiet + 1 : 0;
    if (performance.now() - movedMs > stallMs) return text;
  }
  return undefined;
}

function isSettled({ waiting, spilled, unaccounted }: Record<string, number>): boolean {
  return waiting === 0 && spilled === 0 && unaccounted === 0;
}
