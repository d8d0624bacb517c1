import { redisSection } from '@spillway/redis/config';
import { createElasticsearchStore } from '@spillway/store-elasticsearch';
import { elasticsearchSection } from '@spillway/store-elasticsearch/config';
import { createPostgresServerStore } from '@spillway/store-postgres';
import { postgresSection } from '@spillway/store-postgres/config';
import { createRedisLiveStore } from '@spillway/store-redis';
import type { DirectAccess } from '../lab-servers.ts';
import { countDocuments } from '../load/documents.ts';
import type { SenderLog } from '../load/sender-file.ts';
import { type Census, newCensus, readOrder } from './census.ts';
import { minutesSince, readWriteStore } from './read-stores.ts';

/** What the three stores hold of some senders. */
export interface StoreCounts {
  rows: Census;
  documents: Census;
  /** By sender of traces: requests in the roll-ups. */
  rolledUp: Map<string, number>;
}

export interface CountOptions {
  sinceMs: number;
  logs: readonly SenderLog[];
}

const retentionMs = 7 * 86_400_000;
const minuteMs = 60_000;

/** Reads the servers directly, around every proxy and every process of Spillway. */
export async function countInServers(
  urls: DirectAccess,
  { sinceMs, logs }: CountOptions,
): Promise<StoreCounts> {
  const minutes = minutesSince(sinceMs);
  const section = postgresSection.parse({ url: urls.postgres });
  const rowStore = createPostgresServerStore({ ...section, retentionMs });
  const { census: rows, contents } = await readWriteStore(rowStore, minutes);

  const nodes = elasticsearchSection.parse({ nodes: [urls.elasticsearch], replicas: 0 });
  const documents = newCensus();
  await countDocuments(urls.elasticsearch, documents, logs);
  const search = createElasticsearchStore({ ...nodes, retentionMs });
  await search.start();
  readOrder(documents, await search.appliedMessages(minutes), contents);
  await search.stop();
  return { rows, documents, rolledUp: await countRollUps(urls.redis, sinceMs) };
}

async function countRollUps(url: string, sinceMs: number): Promise<Map<string, number>> {
  const windowMs = 60 * minuteMs;
  const redis = redisSection.parse({ url });
  const live = createRedisLiveStore({ ...redis, windowMs, positions: 'log' });
  await live.start();
  const fromMs = Math.floor(sinceMs / minuteMs) * minuteMs;
  const toMs = Math.ceil(Date.now() / minuteMs) * minuteMs + minuteMs;
  const services = await live.services({ tenant: 'default', fromMs, toMs });
  await live.stop();
  return new Map(
    services.map(({ service, sparkline }) => [service, sparkline.reduce((a, b) => a + b, 0)]),
  );
}
