import { setTimeout as sleep } from 'node:timers/promises';
import { type Addresses, caughtUp, type SpillwayProcess } from '@spillway/test-support';
import { runSender, type SenderOptions } from './load/load.ts';
import { readSenderFiles, type SenderLog } from './load/sender-file.ts';

export interface KillRoundsOptions {
  spillway: SpillwayProcess;
  /** Of the senders' files. */
  sendersDir: string;
  rounds: number;
  random: () => number;
  sendersPerSignal: number;
}

const signals = ['traces', 'logs', 'metrics'] as const;

/**
 * Load without a break, and a kill -9 at a random moment of each round. At the end the server runs,
 * and every group has caught up.
 */
export async function killRounds(options: KillRoundsOptions): Promise<{
  logs: SenderLog[];
  addresses: Addresses;
}> {
  const { spillway, sendersDir, rounds, random, sendersPerSignal } = options;
  let addresses: Addresses | undefined = await spillway.start();
  let stopped = false;
  const sender = (signal: SenderOptions['signal'], i: number) =>
    runSender({
      name: `${signal}-${i}`,
      signal,
      dir: sendersDir,
      recordsPerRequest: 5,
      giveUpShare: 0.02,
      deafShare: 0.05,
      random,
      endpoint: () => addresses?.otlpHttp,
      stopped: () => stopped,
    });
  const senders = signals.flatMap((signal) =>
    Array.from({ length: sendersPerSignal }, (_, i) => sender(signal, i)),
  );
  for (let round = 0; round < rounds; round++) {
    await sleep(200 + random() * 800);
    await spillway.end('SIGKILL');
    addresses = undefined;
    addresses = await spillway.start();
  }
  await sleep(300);
  stopped = true;
  await Promise.all(senders);
  await caughtUp(addresses as Addresses);
  return { logs: readSenderFiles(sendersDir), addresses: addresses as Addresses };
}
