import { expect, it } from 'vitest';
import { protobufRequest } from './support/requests.ts';
import { keysFor, runProcess } from './support/run-process.ts';
import { grpcSender, httpSender, sendFor } from './support/senders.ts';

const recordsPerRequest = 20;
const quota = 20;
const body = protobufRequest('traces', { records: recordsPerRequest, groups: 2 });

it('a tenant at 50 times its quota costs another one no refusal', async () => {
  const { keysFile, authorization } = keysFor(['noisy', 'quiet']);
  const gateway = await runProcess({
    gateway: {
      keysFile,
      tenants: { noisy: { recordsPerSecondMax: quota }, quiet: { recordsPerSecondMax: 100_000 } },
      // Room for both, but not for all that the noisy one sends.
      signalRequestsMax: 40,
      tenantSignalRequestsMax: 16,
    },
  });
  const doors = (tenant: string) => [
    httpSender(gateway, body, authorization(tenant)),
    grpcSender(gateway, body, authorization(tenant)),
  ];
  const ms = 5_000;
  const began = performance.now();
  const [noise, quiet] = await Promise.all([
    sendFor(ms, doors('noisy'), { atOnce: 16, pauseMs: 0 }),
    sendFor(ms, doors('quiet'), { atOnce: 2, pauseMs: 20 }),
  ]);
  const seconds = (performance.now() - began) / 1_000;
  expect(new Set(quiet.filter(({ ok }) => !ok))).toEqual(new Set());
  expect(quiet.length).toBeGreaterThan(20);
  expect((noise.length * recordsPerRequest) / (quota * seconds)).toBeGreaterThan(50);
  const refused = noise.filter(({ ok }) => !ok);
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set([429, 8]));
  expect(refused.filter(({ retryAfterS }) => retryAfterS < 1)).toEqual([]);
  // A second at once, and the rate; what came before the first scan ended is on top.
  const accepted = (noise.length - refused.length) * recordsPerRequest;
  expect(accepted).toBeGreaterThan(0.5 * quota * seconds);
  expect(accepted).toBeLessThan(quota * (seconds + 2) + 32 * recordsPerRequest);
});
