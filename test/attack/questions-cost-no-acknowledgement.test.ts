import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AttackLab } from './support/attack-lab.ts';
import { dial, endlessTimes, flood, pipeline, requestOf } from './support/hostile-questions.ts';

let lab: AttackLab;
beforeAll(async () => {
  lab = await AttackLab.start({ heapMb: 400 });
});
afterAll(() => lab.close());

async function isServed(): Promise<void> {
  const { status } = await lab.ask('/api/services', lab.goodKey);
  expect(status).toBe(200);
}

describe('whatever a tenant asks', () => {
  it('a range that no calendar has is refused', async () => {
    for (const path of endlessTimes) {
      const { status, text } = await lab.ask(path);
      expect([status, JSON.parse(text).error.code]).toEqual([400, 'bad-parameter']);
    }
  });

  it('thousands of requests on one connection keep no other from its answer', async () => {
    for (const path of ['/metrics', '/ready', '/api/services', '/api/dead-letters', '/']) {
      await pipeline(lab, path, isServed);
    }
  });

  it('answers that are not read are not kept for ever', async () => {
    const sockets = await Promise.all(Array.from({ length: 50 }, () => dial(lab)));
    for (const socket of sockets) {
      socket.pause().write(requestOf(lab, '/api/pipeline').repeat(20));
    }
    for (let i = 0; i < 20; i++) {
      await isServed();
      await sleep(50);
    }
    for (const socket of sockets) socket.destroy();
  });

  it('more connections than there are places keep no other from its answer', async () => {
    const sockets: Socket[] = [];
    for (let i = 0; i < 400; i++) sockets.push(await dial(lab));
    await isServed();
    for (const socket of sockets) socket.destroy();
  });

  it('hundreds of questions at once are refused to the one who asks them', async () => {
    const path = '/api/traces?from=now-7d&limit=1000';
    const asked = flood(lab, path, 150);
    for (let i = 0; i < 5; i++) await isServed();
    // On a slow machine its own wait may end at the deadline.
    expect((await asked).filter((status) => ![200, 429, 504].includes(status))).toEqual([]);
  });

  it('acknowledgements went on, and nothing is lost', async () => {
    await lab.verdict();
  }, 60_000);
});
