import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AttackLab } from './support/attack-lab.ts';
import {
  announce,
  exportPath,
  head,
  openCall,
  openSession,
  openSocket,
  signals,
} from './support/hostile-clients.ts';
import { crumbs, exportHead, preface } from './support/http2-frames.ts';

const MiB = 1024 * 1024;
let lab: AttackLab;

beforeEach(async () => {
  lab = await AttackLab.start();
});

afterEach(() => lab?.close());

/** Together as much as the whole gateway may hold. */
const announced = { metrics: 64 * MiB, logs: 64 * MiB, traces: 32 * MiB };

describe('what a body costs is what has arrived of it', () => {
  it('three connections that announce large bodies and send none of them', async () => {
    const sockets = new Set<Socket>();
    let on = true;
    const open = (signal: (typeof signals)[number]): void => {
      if (!on) return;
      const socket = openSocket(lab);
      sockets.add(socket);
      socket.on('data', () => socket.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        setTimeout(open, 5, signal);
      });
      socket.write(head(lab, signal, `content-length: ${announced[signal]}`));
    };
    for (const signal of signals) open(signal);
    await sleep(5000);
    on = false;
    for (const socket of sockets) socket.destroy();
    await lab.verdict();
  });

  it('calls that announce large messages and send none of them', async () => {
    const session = openSession(lab);
    for (let i = 0; i < 60; i++) {
      const signal = signals[i % 3] as (typeof signals)[number];
      openCall(lab, session, exportPath(signal)).write(announce(announced[signal]));
    }
    await sleep(5000);
    session.destroy();
    await lab.verdict();
  });

  it('twenty connections that send as much as they can and never end', async () => {
    const sockets = Array.from({ length: 20 }, (_, i) => {
      const socket = openSocket(lab);
      const signal = signals[i % 3] as (typeof signals)[number];
      socket.write(head(lab, signal, `content-length: ${announced[signal]}`));
      const more = (): void => {
        while (!socket.destroyed && socket.write(block));
      };
      socket.on('drain', more);
      more();
      return socket;
    });
    await sleep(4000);
    for (const socket of sockets) socket.destroy();
    await lab.verdict();
  });

  it('bodies in chunks of one byte', async () => {
    await sleep(500);
    const before = lab.peakBytes;
    const chunks = Buffer.from('1\r\nx\r\n'.repeat(10_000));
    const sockets = Array.from({ length: 16 }, () => {
      const socket = openSocket(lab);
      socket.write(head(lab, 'logs', 'transfer-encoding: chunked'));
      const more = (): void => {
        while (!socket.destroyed && socket.write(chunks));
      };
      socket.on('drain', more);
      more();
      return socket;
    });
    await sleep(6000);
    for (const socket of sockets) socket.destroy();
    const grown = lab.peakBytes - before;
    await lab.verdict();
    expect(grown / MiB).toBeLessThan(200);
  });

  it('calls in frames of one byte end with their connection', async () => {
    const { hostname, port } = new URL(`http://${lab.addresses.otlpGrpc}`);
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    socket.resume().write(preface);
    for (let stream = 1; stream < 100 && !socket.destroyed; stream += 2) {
      socket.write(exportHead(stream, { signal: 'logs', key: lab.evilKey }));
      socket.write(crumbs(stream, 1_200));
      await sleep(50);
    }
    expect(socket.destroyed).toBe(true);
    await lab.verdict();
  });

  it('answers that are never read', async () => {
    await sleep(500);
    const before = lab.peakBytes;
    const requests = 'GET /v1/nothing HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(2000);
    const sockets = Array.from({ length: 200 }, () => {
      const socket = openSocket(lab);
      socket.pause();
      const more = (): void => {
        while (!socket.destroyed && socket.write(requests));
      };
      socket.on('drain', more);
      more();
      return socket;
    });
    await sleep(5000);
    for (const socket of sockets) socket.destroy();
    const grown = lab.peakBytes - before;
    await lab.verdict();
    expect(grown / MiB).toBeLessThan(200);
  });
});

const block = Buffer.alloc(256 * 1024);
