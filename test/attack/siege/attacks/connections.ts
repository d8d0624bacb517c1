import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { AttackLab } from '../../support/attack-lab.ts';
import { announced } from '../../support/hostile-bodies.ts';
import {
  announce,
  exportPath,
  head,
  healthCheckPath,
  openCall,
  openSession,
  openSocket,
  pour,
  type Signal,
  signals,
} from '../../support/hostile-clients.ts';
import { crumbs, exportHead, preface } from '../../support/http2-frames.ts';
import { type Attack, clients, pause } from '../attack.ts';

const MiB = 1024 * 1024;
const holdMs = 2_000;

export const clientsThatGoAway: Attack = {
  name: 'clients-that-go-away',
  what: 'connections destroyed with calls, health checks and unknown methods open',
  run: (lab, ending) => {
    const paths = [...signals.map(exportPath), healthCheckPath, '/no.such.Service/Method'];
    return clients(4, ending, async (round) => {
      const session = openSession(lab);
      for (let i = 0; i < 1 + (round % 40); i++) {
        const stream = openCall(lab, session, paths[(round + i) % paths.length] as string);
        if (i % 3) stream.write(announce(i % 2 ? 100 : 30 * MiB));
        if (i % 5 === 0) stream.close(8);
      }
      await pause(round % 30);
      session.destroy();
    });
  },
};

export const announcedLengths: Attack = {
  name: 'announced-lengths',
  what: 'large bodies and messages that are announced and not sent',
  run: (lab, ending) => {
    return clients(12, ending, async (round) => {
      const signal = signals[round % 3] as Signal;
      if (round % 2) {
        await heldOpen(lab, ending, (socket) => {
          socket.write(head(lab, signal, `content-length: ${announced[signal]}`));
        });
        return;
      }
      const session = openSession(lab);
      for (let i = 0; i < 20; i++) {
        openCall(lab, session, exportPath(signal)).write(announce(announced[signal]));
      }
      await pause(holdMs);
      session.destroy();
    });
  },
};

export const bodiesThatNeverEnd: Attack = {
  name: 'bodies-that-never-end',
  what: 'as many bytes as the connection takes, whole or in chunks of one byte',
  run: (lab, ending) => {
    const block = Buffer.alloc(256 * 1024);
    const crumbs = Buffer.from('1\r\nx\r\n'.repeat(10_000));
    return clients(16, ending, async (round) => {
      const signal = signals[round % 3] as Signal;
      const inCrumbs = round % 2 === 0;
      const header = inCrumbs
        ? 'transfer-encoding: chunked'
        : `content-length: ${announced[signal]}`;
      await heldOpen(lab, ending, (socket) => {
        socket.write(head(lab, signal, header));
        pour(socket, inCrumbs ? crumbs : block);
      });
    });
  },
};

export const answersNeverRead: Attack = {
  name: 'answers-never-read',
  what: 'two hundred connections that ask in a row and read nothing',
  run: (lab, ending) => {
    const asked = Buffer.from('GET /v1/nothing HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(2_000));
    return clients(200, ending, () => {
      return heldOpen(lab, ending, (socket) => {
        socket.pause();
        pour(socket, asked);
      });
    });
  },
};

export const framesOfOneByte: Attack = {
  name: 'frames-of-one-byte',
  what: 'gRPC messages in DATA frames of one byte, call after call',
  run: (lab, ending) => {
    return clients(8, ending, async () => {
      const socket = openSocket(lab, `http://${lab.addresses.otlpGrpc}`);
      socket.write(preface);
      const closed = once(socket.resume(), 'close').catch(() => undefined);
      for (let stream = 1; stream < 20_000 && !socket.destroyed && !ending.aborted; stream += 2) {
        const signal = signals[stream % 3] as Signal;
        socket.write(exportHead(stream, { signal, key: lab.evilKey }));
        const isTaken = socket.write(crumbs(stream, 1_200));
        await Promise.race([isTaken ? pause(0) : once(socket, 'drain'), closed, pause(holdMs)]);
      }
      socket.destroy();
    });
  },
};

/** Until the gateway closes it, but not for ever. */
async function heldOpen(
  lab: AttackLab,
  ending: AbortSignal,
  begin: (socket: Socket) => void,
): Promise<void> {
  const socket = openSocket(lab);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  begin(socket);
  if (!socket.isPaused()) socket.resume();
  const ended = new Promise<void>((resolve) => {
    if (ending.aborted) resolve();
    ending.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([closed, ended, pause(holdMs)]);
  socket.destroy();
  await pause(5);
}
