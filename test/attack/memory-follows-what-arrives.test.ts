import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AttackLab } from './support/attack-lab.ts';
import {
  announceBodies,
  announceMessages,
  readNothing,
  sendByteByByte,
  sendWithoutEnd,
} from './support/hostile-bodies.ts';
import { openSocket } from './support/hostile-clients.ts';
import { crumbs, exportHead, preface } from './support/http2-frames.ts';

const MiB = 1024 * 1024;
let lab: AttackLab;

beforeEach(async () => {
  lab = await AttackLab.start();
});

afterEach(() => lab?.close());

describe('what a body costs is what has arrived of it', () => {
  it('three connections that announce large bodies and send none of them', async () => {
    await announceBodies(lab, 5000);
    await lab.verdict();
  });

  it('calls that announce large messages and send none of them', async () => {
    await announceMessages(lab, 5000);
    await lab.verdict();
  });

  it('twenty connections that send as much as they can and never end', async () => {
    await sendWithoutEnd(lab, 4000);
    await lab.verdict();
  });

  it('bodies in chunks of one byte', async () => {
    await sleep(500);
    const before = lab.peakBytes;
    await sendByteByByte(lab, 6000);
    const grown = lab.peakBytes - before;
    await lab.verdict();
    expect(grown / MiB).toBeLessThan(200);
  });

  it('calls in frames of one byte end with their connection', async () => {
    const socket = openSocket(lab, `http://${lab.addresses.otlpGrpc}`);
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
    await readNothing(lab, 5000);
    const grown = lab.peakBytes - before;
    await lab.verdict();
    expect(grown / MiB).toBeLessThan(200);
  });
});
