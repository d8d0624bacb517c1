import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledgerTopic } from '@spillway/broker';
import { createEmbeddedBroker } from '@spillway/broker-embedded';
import type { LedgerNote } from '@spillway/ledger';
import { createPostgresStore } from '@spillway/store-postgres';
import { until } from '@spillway/test-support/until';
import { expect, it } from 'vitest';
import { NoteConsumer } from './note-consumer.ts';

const everyMinute = { fromMinute: 0, toMinute: 2_000_000_000 };

it('reads the notes again for a store that began anew', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'notes-'));
  const broker = createEmbeddedBroker({ dir: join(dir, 'log'), fsync: false });
  await broker.start();
  await broker.ensureTopics([{ name: ledgerTopic, partitions: 1 }]);
  const place = { topic: ledgerTopic, partition: 0, key: 'gw', headers: {} };
  await broker.publish([{ ...place, value: [Buffer.from(JSON.stringify(note))] }]);
  const noted: number[] = [];
  for (const folder of ['first', 'first', 'set aside and begun anew']) {
    const store = createPostgresStore({ dir: join(dir, folder), retentionMs: 86_400_000 });
    await store.start();
    const consumer = new NoteConsumer({ broker, store, pollWaitMs: 20, retryMs: 20 });
    await consumer.start();
    await until(async () => (await broker.lag('ledger'))[0]?.messages === 0);
    await consumer.stop();
    noted.push((await store.notedMessages(everyMinute)).length);
    await store.stop();
  }
  await broker.stop();
  rmSync(dir, { recursive: true });
  expect(noted).toEqual([1, 1, 1]);
}, 240_000);

const note: LedgerNote = {
  gateway: 'gw',
  epoch: 1,
  note: 1,
  messages: [
    {
      topic: 'otlp_logs',
      partition: 0,
      sequence: 1,
      position: 0,
      tenant: 'acme',
      signal: 'logs',
      minute: 29_460_240,
      records: 3,
    },
  ],
  refused: [],
};
