import type { ClientHttp2Session } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AttackLab } from './support/attack-lab.ts';
import { announce, exportPath, openCall, openSession, signals } from './support/hostile-clients.ts';

let lab: AttackLab;

beforeAll(async () => {
  lab = await AttackLab.start();
});

afterAll(() => lab?.close());

const paths = signals.map(exportPath);
const healthCheck = '/grpc.health.v1.Health/Check';

function call(client: ClientHttp2Session, path: string, first?: Uint8Array) {
  const stream = openCall(lab, client, path);
  if (first) stream.write(first);
  return stream;
}

/** A client's ways of leaving with calls open. */
const departures: Record<string, (client: ClientHttp2Session) => Promise<void>> = {
  'before a byte of its messages': async (client) => {
    for (const path of paths) call(client, path);
    await sleep(30);
  },
  'within large messages': async (client) => {
    for (const path of paths) call(client, path, announce(30 << 20));
    await sleep(30);
  },
  'with fifty calls open, at once': async (client) => {
    for (let i = 0; i < 50; i++) call(client, paths[i % 3] as string, announce(100));
    await sleep(5);
  },
  'with calls reset and calls ended early': async (client) => {
    for (let i = 0; i < 20; i++) {
      const stream = call(client, paths[i % 3] as string, announce(100));
      if (i % 2 === 0) stream.close(8);
      else stream.end();
    }
    await sleep(Math.random() * 10);
  },
  'with health checks open': async (client) => {
    for (let i = 0; i < 3; i++) call(client, healthCheck);
    await sleep(30);
  },
  'with unknown methods asked for': async (client) => {
    for (let i = 0; i < 5; i++) call(client, '/no.such.Service/Method', announce(100));
    await sleep(2);
  },
};

describe('a client that goes away ends nothing but its calls', () => {
  it.each(Object.keys(departures))('%s', async (name) => {
    for (let round = 0; round < 25 && !lab.spillway.exit; round++) {
      const client = openSession(lab);
      await departures[name]?.(client);
      client.destroy();
      await sleep(10);
    }
    expect(lab.spillway.exit, lab.spillway.output.slice(-2000)).toBeUndefined();
  });

  it('and everybody else was served', async () => {
    await lab.verdict();
  });
});
