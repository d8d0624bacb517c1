import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sink } from '@spillway/store';
import { createDuckdbSearchStore } from '@spillway/store-duckdb';
import { createMemoryLiveStore } from '@spillway/store-memory';
import { createPostgresStore } from '@spillway/store-postgres';
import { type Figure, figure, printFigures } from '../measure.ts';
import { decodedBatches, spansPerBatch } from './sink-batches.ts';
import { benchElasticsearch } from './sink-elasticsearch.ts';
import { benchPostgres } from './sink-postgres.ts';
import { benchRedis } from './sink-redis.ts';

const batches = 30;
const retentionMs = 7 * 86_400_000;

/** What each sink costs per span; those on a server stand beside the plain limit of that server. */
export async function benchSinks(): Promise<void> {
  await benchEmbedded();
  await benchPostgres();
  await benchElasticsearch();
  await benchRedis();
}

/** The whole process, worker threads included. */
async function benchEmbedded(): Promise<void> {
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
  printFigures(`embedded sinks, batches of ${spansPerBatch} decoded spans`, 'span', figures);
}

async function sinkFigure(name: string, sink: Sink): Promise<Figure> {
  await sink.start();
  const [first = [], ...prepared] = decodedBatches(batches + 1);
  await sink.apply(first);
  const before = process.cpuUsage();
  for (const messages of prepared) await sink.apply(messages);
  const { user, system } = process.cpuUsage(before);
  await sink.stop();
  return figure(name, user + system, batches * spansPerBatch);
}
