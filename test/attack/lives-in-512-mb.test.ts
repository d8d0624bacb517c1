import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { runSpillway } from '@spillway/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AttackLab } from './support/attack-lab.ts';
import { type MemoryGroup, memoryGroupOrReason } from './support/memory-group.ts';

const MiB = 1024 * 1024;
/** Two starts and several audits: on a busy machine more than the usual minute. */
const timeoutMs = 120_000;
const group = memoryGroupOrReason(512 * MiB);

if (typeof group === 'string') {
  describe.skip(`everything embedded in 512 MB (no control group: ${group})`, () => {
    it('lives', () => {});
  });
} else {
  describe('everything embedded in 512 MB', () => inGroup(group));
}

function inGroup(group: MemoryGroup): void {
  let lab: AttackLab;

  beforeAll(async () => {
    lab = await AttackLab.start({ under: group.under });
  });

  afterAll(async () => {
    await lab?.close();
    group.remove();
  });

  it(
    'starts for the first time, and takes ordinary traffic',
    async () => {
      expect(group.kills).toBe(0);
      await send(lab);
      await lab.verdict();
      expect(lab.peakBytes).toBeLessThan(480 * MiB);
    },
    timeoutMs,
  );

  it(
    'outlives bodies that grow, and large ones in great number, and starts again',
    async () => {
      await lab.spillway.end('SIGKILL');
      await lab.restart();
      const bomb = gzipSync(Buffer.alloc(48 * MiB));
      const noise = randomBytes(3.5 * MiB);
      const until = performance.now() + 4_000;
      const statuses = new Set<number | string>();
      const clients = Array.from({ length: 24 }, async (_, i) => {
        while (performance.now() < until) {
          statuses.add(await (i % 2 ? post(lab, bomb, 'gzip') : post(lab, noise)));
        }
      });
      await Promise.all([...clients, sleep(4_000)]);
      expect([...statuses].filter((status) => status === 200 || status === 500)).toEqual([]);
      await lab.verdict();
      await lab.spillway.end('SIGKILL');
      await lab.restart();
      await lab.verdict();
      expect(group.kills).toBe(0);
    },
    timeoutMs,
  );
}

async function send({ addresses, evilKey }: AttackLab): Promise<void> {
  const amount = ['--traces', '400', '--logs', '2000', '--points', '2000', '--batch', '200'];
  const where = ['--endpoint', addresses.otlpHttp, '--key', evilKey];
  const { code, stdout, stderr } = await runSpillway(['send', ...amount, ...where]);
  expect(code, stdout + stderr).toBe(0);
}

async function post(
  { addresses, evilKey }: AttackLab,
  body: Uint8Array<ArrayBuffer>,
  encoding = 'identity',
): Promise<number | string> {
  try {
    const response = await fetch(`${addresses.otlpHttp}/v1/logs`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-protobuf',
        'content-encoding': encoding,
        authorization: `Bearer ${evilKey}`,
      },
      body,
    });
    await response.arrayBuffer();
    return response.status;
  } catch (error) {
    return (error as Error).name;
  }
}
