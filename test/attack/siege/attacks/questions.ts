import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AttackLab } from '../../support/attack-lab.ts';
import { post } from '../../support/requests.ts';
import { type Attack, clients, pause } from '../attack.ts';

const holdMs = 2_000;

const hostile = [
  '/api/logs/histogram?to=now%2B999999999999w',
  '/api/logs/histogram?from=now-7d&step=1ms',
  '/api/traces?from=now-7d&limit=1000',
  '/api/logs?from=now-7d&limit=1000',
  `/api/logs?from=now-7d&q=${'%25'.repeat(2_000)}`,
  '/api/logs?cursor=eyJ0IjoxZTk5fQ',
  '/api/metrics?from=now-7d',
  '/api/metrics/query?name=x&from=now-7d&step=1ms',
  '/api/services?from=0',
  '/api/ledger?since=0',
  '/api/dead-letters?limit=1',
  '/api/pipeline',
];

export const hostileQuestions: Attack = {
  name: 'hostile-questions',
  what: 'sixty clients that ask for everything, and for times that no calendar has',
  run: async (lab, ending) => {
    await clients(60, ending, async (round) => {
      await lab.ask(hostile[round % hostile.length] as string);
    });
  },
};

export const questionsInARow: Attack = {
  name: 'questions-in-a-row',
  what: 'thousands of requests on one connection, /metrics without a key among them; half of them unread',
  run: (lab, ending) => {
    const paths = ['/metrics', '/ready', '/api/services', '/', '/api/pipeline'];
    return clients(20, ending, async (round) => {
      const { hostname, port } = new URL(lab.addresses.console);
      const socket = connect(Number(port), hostname).on('error', () => {});
      const key = round % 3 ? `authorization: Bearer ${lab.evilKey}\r\n` : '';
      const path = paths[round % paths.length];
      if (round % 2) socket.pause();
      else socket.resume();
      socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n${key}\r\n`.repeat(3_000));
      await Promise.race([once(socket, 'close'), pause(holdMs)]);
      socket.destroy();
    });
  },
};

export const deadLetters: Attack = {
  name: 'dead-letters',
  what: 'thousands of records that become one each, and sixty clients that ask for them',
  run: async (lab, ending) => {
    await Promise.all([
      clients(8, ending, () => postBad(lab)),
      clients(60, ending, async () => {
        await lab.ask('/api/dead-letters?limit=1');
      }),
    ]);
  },
};

/** A span whose id is too short. */
async function postBad(lab: AttackLab): Promise<void> {
  const span = {
    traceId: randomBytes(15).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    name: 'x',
  };
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  const bytes = new TextEncoder().encode(body);
  await post(lab, { signal: 'traces', bytes, type: 'application/json' });
}
