import { setTimeout as sleep } from 'node:timers/promises';
import type { TcpProxy } from '@spillway/test-support';
import type { ChaosLab } from '../chaos-lab.ts';
import type { Member } from '../member.ts';
import type { Fault } from './fault.ts';

type Shows = Fault['shows'];

const drainTimeoutMs = 60_000;

/** kill -9, later started again on its data. */
export function killed(name: string, shows: Shows): Fault {
  return {
    name: `${name} killed`,
    shows,
    async begin(lab) {
      const { server } = lab.server(name);
      await server.kill();
      return () => server.start();
    },
  };
}

/** SIGSTOP: connections stay open and nothing answers. */
export function stopped(name: string, shows: Shows): Fault {
  return {
    name: `${name} stopped`,
    shows,
    async begin(lab) {
      const { server } = lab.server(name);
      server.pause();
      return async () => server.resume();
    },
  };
}

/** What the network between a server and Spillway does. */
const networks = {
  'cut off': (proxy: TcpProxy) => proxy.cut(),
  'black-holed': (proxy: TcpProxy) => proxy.blackHole(),
  'heard only': (proxy: TcpProxy) => proxy.halfOpen(),
  'answered late': (proxy: TcpProxy) => proxy.hold(),
  delayed: (proxy: TcpProxy) => proxy.delay(300),
  slow: (proxy: TcpProxy) => proxy.slow(20_000),
};
export type Network = keyof typeof networks;
export const networkNames = Object.keys(networks) as Network[];

export function behind(network: Network, name: string, shows: Shows): Fault {
  return {
    name: `${name} ${network}`,
    shows,
    async begin(lab) {
      const { proxy } = lab.server(name);
      networks[network](proxy);
      return () => proxy.heal();
    },
  };
}

/**
 * What is on its way on connections that are open arrives late; new ones work. Repaired when all
 * that spilled meanwhile is on the broker: from then on, what is late is too late.
 */
export function stragglers(names: readonly string[], shows: Shows): Fault {
  return {
    name: `${names.join(', ')} hear late from old connections`,
    shows,
    async begin(lab) {
      const proxies = names.map((name) => lab.server(name).proxy);
      for (const proxy of proxies) proxy.holdOpen();
      return async () => {
        await untilDrained(lab);
        for (const proxy of proxies) await proxy.heal();
      };
    },
  };
}

/** Each gateway says of itself that all goes to the broker again; the ledger would tell later. */
async function untilDrained(lab: ChaosLab): Promise<void> {
  const deadlineMs = performance.now() + drainTimeoutMs;
  for (let quiet = 0; quiet < 3 && performance.now() < deadlineMs; ) {
    await sleep(500);
    const all = await Promise.all(lab.gateways.map(isDirect));
    quiet = all.every(Boolean) ? quiet + 1 : 0;
  }
}

async function isDirect({ addresses }: Member): Promise<boolean> {
  const response = await fetch(`${addresses?.admin}/metrics`).catch(() => undefined);
  const text = (await response?.text().catch(() => undefined)) ?? '';
  const aside =
    /^spillway_(?:spill_messages|gateway_partitions\{.*state="(?:spill|drain)ing".*\})\S* (\d+)/gm;
  const counts = [...text.matchAll(aside)].map(([, count]) => Number(count));
  return counts.length > 0 && counts.every((count) => count === 0);
}

/** Several at the same time. */
export function together(name: string, faults: readonly Fault[]): Fault {
  const shows = faults.map((fault) => fault.shows);
  return {
    name,
    shows: shows.includes('cuts') ? 'cuts' : shows.includes('refuses') ? 'refuses' : 'nothing',
    async begin(lab, random) {
      const heals = await Promise.all(faults.map((fault) => fault.begin(lab, random)));
      return () => Promise.all(heals.map((heal) => heal()));
    },
  };
}

/** Broken and whole again, over and over. */
export function flapping(fault: Fault, { brokenMs, wholeMs }: Record<string, number>): Fault {
  return {
    name: `${fault.name}, again and again`,
    shows: fault.shows,
    async begin(lab, random) {
      const over = new AbortController();
      const run = async (): Promise<void> => {
        while (!over.signal.aborted) {
          const heal = await fault.begin(lab, random);
          await sleep((brokenMs ?? 0) * (0.5 + random()));
          await heal();
          await sleep((wholeMs ?? 0) * (0.5 + random()));
        }
      };
      const done = run();
      return () => {
        over.abort();
        return done;
      };
    },
  };
}
