import { setTimeout as sleep } from 'node:timers/promises';
import type { Addresses } from './spillway-process.ts';

/** Until no group has anything left to read, three looks in a row. */
export async function caughtUp({ console: page }: Addresses): Promise<void> {
  for (let quiet = 0; quiet < 3; ) {
    const response = await fetch(`${page}/api/lag`);
    const { lag } = (await response.json()) as { lag: { messages: number | null }[] };
    quiet = lag.every(({ messages }) => messages === 0) ? quiet + 1 : 0;
    await sleep(100);
  }
}
