import { setTimeout as sleep } from 'node:timers/promises';
import type { Addresses } from './spillway-process.ts';

interface PartitionLag {
  topic: string;
  messages: number | null;
}

interface LagAnswer {
  lag?: PartitionLag[];
  lagAgeSeconds?: number;
}

/** Until no group has anything left to read, in a reading that was begun after the call. */
export async function caughtUp({ console: page }: Addresses): Promise<void> {
  const lagSinceCall = lagReader(async () => (await fetch(`${page}/api/lag`)).text());
  for (;;) {
    const lag = await lagSinceCall();
    if (lag.length > 0 && lag.every(({ messages }) => messages === 0)) return;
    await sleep(100);
  }
}

/**
 * Reads the lag in what `/api/lag` answers; nothing while that is a reading from before this call,
 * which an API may give for as long as a second.
 */
export function lagReader(ask: () => Promise<string>): () => Promise<PartitionLag[]> {
  const calledMs = performance.now();
  return async () => {
    const askedMs = performance.now();
    const { lag = [], lagAgeSeconds = 0 } = JSON.parse(await ask()) as LagAnswer;
    return askedMs - lagAgeSeconds * 1_000 > calledMs ? lag : [];
  };
}
