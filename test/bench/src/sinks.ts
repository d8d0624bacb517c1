import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvelope, stampHeaders, topicOf } from '@spillway/broker';
import { decode } from '@spillway/otlp';
import type { DecodedMessage, Sink } from '@spillway/store';
import { createDuckdbSearchStore, createMemoryLiveStore } from '@spillway/store-embedded';
import { createPostgresStore } from '@spillway/store-postgres';
import { type Figure, figure, printFigures } from './measure.ts';
import { spanRequest, spansPerRequest } from './requests.ts';

const messagesPerBatch = 10;
const batches = 30;
const retentionMs = 7 * 86_400_000;

/** What each sink costs per span: the whole process, worker threads included. */
export async function benchSinks(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-bench-'));
  const figures = [
    await sinkFigure(
      'write store (PGlite)',
      createPostgresStore({ dir: join(dir, 'postgres'), retentionMs }),
    ),
    await sinkFigure(
      'search store (DuckDB)',
      createDuckdbSearchStore({ dir: join(dir, 'search') }),
    ),
    await sinkFigure('live store (memory)', createMemoryLiveStore({})),
  ];
  rmSync(dir, { recursive: true });
  printFigures(
    `sinks, batches of ${messagesPerBatch * spansPerRequest} decoded spans`,
    'span',
    figures,
  );
}

async function sinkFigure(name: string, sink: Sink): Promise<Figure> {
  await sink.start();
  await sink.apply(batch(0));
  const prepared = Array.from({ length: batches }, (_, i) => batch(i + 1));
  const before = process.cpuUsage();
  for (const messages of prepared) await sink.apply(messages);
  const { user, system } = process.cpuUsage(before);
  await sink.stop();
  return figure(name, user + system, batches * messagesPerBatch * spansPerRequest);
}

function batch(n: number): DecodedMessage[] {
  return Array.from({ length: messagesPerBatch }, (_, i) => {
    const position = n * messagesPerBatch + i;
    const value = spanRequest(position);
    const stamp = { gateway: 'bench', epoch: 1, sequence: position + 1, tenant: 'default' };
    const headers = stampHeaders({ ...stamp, records: spansPerRequest, receivedMs: Date.now() });
    const place = { topic: topicOf.traces, partition: 0, position, timestampMs: Date.now() };
    const { records, broken } = decode('traces', value, { tenant: 'default' });
    const envelope = readEnvelope({ ...place, headers });
    return { envelope, signal: 'traces', position, records, broken };
  });
}
