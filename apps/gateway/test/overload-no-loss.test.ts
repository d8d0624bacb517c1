import { topicOf } from '@spillway/broker';
import { describe, expect, it } from 'vitest';
import { openBroker, readAll, recordsOf, runGateway, withPublish } from './support/gateway.ts';
import { type HttpAnswer, json, keepAliveAgent, send } from './support/http.ts';
import { jsonRequest } from './support/requests.ts';

/** A broker that takes one publish at a time, slowly. */
async function slowBroker(ms: number) {
  let turn: Promise<unknown> = Promise.resolve();
  return withPublish(await openBroker(), (messages, real) => {
    const taken = turn.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return real.publish(messages);
    });
    turn = taken.catch(() => undefined);
    return taken;
  });
}

describe('ten times more load than it can take', () => {
  it.each([
    ['requests in flight', { signalRequestsMax: 20 }, [200, 503]],
    ['bytes in flight of a tenant', { tenantSignalBytesMax: 6000, bodyBytesMax: 3000 }, [200, 503]],
    ['the queue to the broker', { queueBytesMax: 6000 }, [200, 503]],
    ['the quota', { recordsPerSecondMax: 100, recordsBurst: 300 }, [200, 429]],
  ])(
    'is refused by %s with Retry-After, and what was answered 200 is in the log',
    async (_, limits, expected) => {
      const broker = await slowBroker(15);
      const { http, gateway } = await runGateway({ broker, config: limits });
      const agent = keepAliveAgent(200);
      const answers = new Map<string, HttpAnswer>();
      await Promise.all(
        Array.from({ length: 400 }, async (_, i) => {
          const body = jsonRequest('traces', { records: 5, groups: 2, name: `request-${i}` });
          answers.set(`request-${i}-0`, await send(http, { headers: json, body, agent }));
        }),
      );
      const statuses = new Set([...answers.values()].map(({ status }) => status));
      expect([...statuses].sort()).toEqual(expected);
      const log = await readAll(broker, topicOf.traces);
      const text = Buffer.concat(log.map(({ value }) => Buffer.from(value))).toString('latin1');
      for (const [name, { status, headers }] of answers) {
        if (status === 200) expect(text).toContain(name);
        else expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
      }
      const accepted = [...answers.values()].filter(({ status }) => status === 200).length;
      expect(recordsOf(log)).toBe(5 * accepted);
      expect(gateway.stats()).toMatchObject({ inFlight: { requests: 0, bytes: 0 }, queueBytes: 0 });
    },
  );

  it('of one tenant or signal leaves the others their room', async () => {
    const broker = withPublish(await openBroker(), (messages, real) =>
      messages.some(({ topic }) => topic === topicOf.traces)
        ? new Promise(() => undefined)
        : real.publish(messages),
    );
    const config = { signalRequestsMax: 3, lingerMs: 0, answerTimeoutMs: 500, stopTimeoutMs: 100 };
    const { http } = await runGateway({ broker, config });
    const stuck = Array.from({ length: 5 }, () =>
      send(http, { headers: json, body: jsonRequest('traces') }),
    );
    const refused = await Promise.race(stuck);
    expect(refused.status).toBe(503);
    expect(refused.body.toString()).toContain('signal traces may hold 1 requests');
    const body = jsonRequest('logs');
    expect((await send(http, { path: '/v1/logs', headers: json, body })).status).toBe(200);
    expect(new Set((await Promise.all(stuck)).map(({ status }) => status))).toEqual(new Set([503]));
  });
});
