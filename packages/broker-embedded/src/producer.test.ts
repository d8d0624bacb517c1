import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OutgoingMessage } from '@spillway/broker';
import { expect, it } from 'vitest';
import { createEmbeddedBroker } from './index.ts';

const message = (partition: number, bytes: number): OutgoingMessage => ({
  topic: 'otlp_logs',
  partition,
  key: 'k',
  headers: {},
  value: [Buffer.alloc(bytes)],
});

it('lets nothing pass what did not fit into a full log, but in other partitions', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'embedded-'));
  const broker = createEmbeddedBroker({ dir, logBytesMax: 1024 * 1024 });
  await broker.start();
  try {
    await broker.ensureTopics([{ name: 'otlp_logs', partitions: 2 }]);
    const outcomes = await broker.publish([
      ...[message(0, 500_000), message(0, 600_000), message(0, 1000), message(1, 1000)],
    ]);
    const told = outcomes.map((one) => (one.status === 'refused' ? one.code : one.status));
    expect(told).toEqual(['durable', 'log-full', 'log-full', 'durable']);
  } finally {
    await broker.stop();
    await rm(dir, { recursive: true });
  }
});
