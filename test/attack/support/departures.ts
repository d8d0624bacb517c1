/** A client's ways of leaving with calls open. */
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  announce,
  exportPath,
  healthCheckPath,
  openCall,
  openSession,
  signals,
} from './hostile-clients.ts';
import type { Target } from './target.ts';

const paths = signals.map(exportPath);

type Call = (path: string, first?: Uint8Array) => ClientHttp2Stream;

const departures = {
  'before a byte of its messages': async (call) => {
    for (const path of paths) call(path);
    await sleep(30);
  },
  'within large messages': async (call) => {
    for (const path of paths) call(path, announce(30 << 20));
    await sleep(30);
  },
  'with fifty calls open, at once': async (call) => {
    for (let i = 0; i < 50; i++) call(paths[i % 3] as string, announce(100));
    await sleep(5);
  },
  'with calls reset and calls ended early': async (call) => {
    for (let i = 0; i < 20; i++) {
      const stream = call(paths[i % 3] as string, announce(100));
      if (i % 2 === 0) stream.close(8);
      else stream.end();
    }
    await sleep(Math.random() * 10);
  },
  'with health checks open': async (call) => {
    for (let i = 0; i < 3; i++) call(healthCheckPath);
    await sleep(30);
  },
  'with unknown methods asked for': async (call) => {
    for (let i = 0; i < 5; i++) call('/no.such.Service/Method', announce(100));
    await sleep(2);
  },
} satisfies Record<string, (call: Call) => Promise<void>>;

type Departure = keyof typeof departures;
export const departureNames = Object.keys(departures) as Departure[];

/** Comes, and leaves in this way. */
export async function depart(target: Target, name: Departure): Promise<void> {
  const client: ClientHttp2Session = openSession(target);
  await departures[name]((path, first) => {
    const stream = openCall(target, client, path);
    if (first) stream.write(first);
    return stream;
  });
  client.destroy();
  await sleep(10);
}
