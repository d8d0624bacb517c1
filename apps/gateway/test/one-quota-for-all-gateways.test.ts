import { setTimeout as pause } from 'node:timers/promises';
import { startRedis } from '@spillway/native';
import { expect, it } from 'vitest';
import { protobufRequest } from './support/requests.ts';
import { runProcess } from './support/run-process.ts';
import { grpcSender, httpSender, sendFor } from './support/senders.ts';

const recordsPerRequest = 20;
const rate = 1_000;
const body = protobufRequest('traces', { records: recordsPerRequest, groups: 2 });

it('four gateway processes keep one quota together while Redis is lost and comes back', async () => {
  const redis = await startRedis({ config: ['--appendonly', 'no'] });
  try {
    const options = { gateway: { recordsPerSecondMax: rate }, redis: { url: redis.url } };
    const gateways = await Promise.all([1, 2, 3, 4].map(() => runProcess(options)));
    await pause(2_500); // Each has counted the others.
    const senders = gateways.flatMap((gateway) => [
      httpSender(gateway, body),
      grpcSender(gateway, body),
    ]);
    const began = performance.now();
    const load = sendFor(15_000, senders, { atOnce: 3, pauseMs: 20 });
    await pause(5_000);
    await redis.server.kill();
    await pause(5_000);
    await redis.server.start();
    const answers = await load;
    const seconds = (performance.now() - began) / 1_000;
    const accepted = answers.filter(({ ok }) => ok);
    const offered = answers.length * recordsPerRequest;
    expect(offered).toBeGreaterThan(1.5 * rate * seconds);
    expect(new Set(answers.map(({ code }) => code))).toEqual(new Set([0, 8, 200, 429]));
    const recordsIn = (fromMs: number, toMs: number): number =>
      accepted.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).length * recordsPerRequest;
    for (let from = began; from + 5_000 < began + seconds * 1_000; from += 250) {
      expect(recordsIn(from, from + 5_000)).toBeLessThan(1.5 * 5 * rate);
    }
    // A quarter of the quota for each while Redis is away, too.
    const away = recordsIn(began + 5_500, began + 10_000);
    expect(Math.abs(away / (4.5 * rate) - 1)).toBeLessThan(0.1);
    const total = accepted.length * recordsPerRequest;
    expect(Math.abs(total / (rate * seconds) - 1)).toBeLessThan(0.1);
  } finally {
    await redis.remove();
  }
});
