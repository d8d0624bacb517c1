import { setTimeout as sleep } from 'node:timers/promises';
import type { TcpProxy } from '@spillway/test-support';
import type { Fault } from './fault.ts';

type Shows = Fault['shows'];

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

/** What is on its way to it, on connections that are open, arrives at the repair; others work. */
export function stragglers(name: string, shows: Shows): Fault {
  return {
    name: `${name} hears late from old connections`,
    shows,
    async begin(lab) {
      const { proxy } = lab.server(name);
      proxy.holdOpen();
      return () => proxy.heal();
    },
  };
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
