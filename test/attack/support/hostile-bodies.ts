/** Bodies that are announced, begun or not read, each for a while. */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  announce,
  exportPath,
  head,
  openCall,
  openSession,
  openSocket,
  pour,
  type Signal,
  signals,
} from './hostile-clients.ts';
import type { Target } from './target.ts';

const MiB = 1024 * 1024;
/** Together as much as a whole gateway may hold. */
export const announced: Readonly<Record<Signal, number>> = {
  metrics: 64 * MiB,
  logs: 64 * MiB,
  traces: 32 * MiB,
};

/** Three connections that announce large bodies and send none of them, again and again. */
export async function announceBodies(target: Target, forMs: number): Promise<void> {
  const sockets = new Set<Socket>();
  let on = true;
  const open = (signal: Signal): void => {
    if (!on) return;
    const socket = openSocket(target);
    sockets.add(socket);
    socket.on('data', () => socket.destroy());
    socket.once('close', () => {
      sockets.delete(socket);
      setTimeout(open, 5, signal);
    });
    socket.write(head(target, signal, `content-length: ${announced[signal]}`));
  };
  for (const signal of signals) open(signal);
  await sleep(forMs);
  on = false;
  for (const socket of sockets) socket.destroy();
}

/** Calls that announce large messages and send none of them. */
export async function announceMessages(target: Target, forMs: number): Promise<void> {
  const session = openSession(target);
  for (let i = 0; i < 60; i++) {
    const signal = signals[i % 3] as Signal;
    openCall(target, session, exportPath(signal)).write(announce(announced[signal]));
  }
  await sleep(forMs);
  session.destroy();
}

/** Twenty connections that send as much as they can and never end. */
export async function sendWithoutEnd(target: Target, forMs: number): Promise<void> {
  const block = Buffer.alloc(MiB / 4);
  await pourInto(target, {
    forMs,
    connections: 20,
    bytes: block,
    headOf: (i) => {
      const signal = signals[i % 3] as Signal;
      return head(target, signal, `content-length: ${announced[signal]}`);
    },
  });
}

/** Bodies in chunks of one byte. */
export async function sendByteByByte(target: Target, forMs: number): Promise<void> {
  const bytes = Buffer.from('1\r\nx\r\n'.repeat(10_000));
  const headOf = () => head(target, 'logs', 'transfer-encoding: chunked');
  await pourInto(target, { forMs, connections: 16, bytes, headOf });
}

/** Requests whose answers are never read. */
export async function readNothing(target: Target, forMs: number): Promise<void> {
  const bytes = 'GET /v1/nothing HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(2000);
  await pourInto(target, { forMs, connections: 200, bytes, headOf: () => '', reads: false });
}

interface Pouring {
  forMs: number;
  connections: number;
  headOf: (i: number) => string;
  bytes: string | Uint8Array;
  reads?: boolean;
}

async function pourInto(
  target: Target,
  { forMs, connections, headOf, bytes, reads = true }: Pouring,
): Promise<void> {
  const sockets = Array.from({ length: connections }, (_, i) => {
    const socket = openSocket(target);
    if (!reads) socket.pause();
    const beginning = headOf(i);
    if (beginning) socket.write(beginning);
    pour(socket, bytes);
    return socket;
  });
  await sleep(forMs);
  for (const socket of sockets) socket.destroy();
}
