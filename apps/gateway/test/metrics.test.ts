import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metricsContract } from '@spillway/metrics/contract';
import { openSpill } from '@spillway/spill';
import { onTestFinished } from 'vitest';
import { gatewayMetrics, gatewaySpillMetrics } from '../src/index.ts';
import { runGateway } from './support/gateway.ts';
import { json, send } from './support/http.ts';
import { jsonRequest } from './support/requests.ts';

/** What a gateway counts that has taken a request and refused a record. */
async function stats() {
  const dir = mkdtempSync(join(tmpdir(), 'gateway-metrics-'));
  const spill = await openSpill({ dir, gateway: 'gw', bytesMax: 1e7 });
  const config = { recordsPerSecondMax: 1e6, bytesPerSecondMax: 1e9 };
  const { gateway, http } = await runGateway({ config, spill, messageBytesMax: 65_536 });
  onTestFinished(async () => {
    await gateway.stop();
    await spill.close();
    rmSync(dir, { recursive: true });
  });
  for (const name of ['one', 'x'.repeat(70_000)]) {
    await send(http, { headers: json, body: jsonRequest('traces', { records: 1, name }) });
  }
  return gateway.stats();
}

metricsContract('a gateway', {
  families: gatewayMetrics,
  source: async () => ({ ...(await stats()), spill: undefined }),
  notMetrics: {
    queueBytes: 'the sum of spillway_gateway_queue_bytes over the signals',
    spill: 'has families of its own',
  },
});

metricsContract('the spill of a gateway', {
  families: gatewaySpillMetrics,
  source: async () => {
    const { spill } = await stats();
    if (!spill) throw new Error('the gateway has no spill');
    return spill;
  },
  notMetrics: {
    appended: 'spillway_spill_spilled_messages_total says the same',
    done: 'spillway_spill_drained_messages_total says the same',
    oldestMs: 'spillway_spill_oldest_age_seconds says the age',
  },
});
