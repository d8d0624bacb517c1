/** The one place that names adapters, beside their sections of the configuration. */
import type { DuckdbSearchStore } from '@spillway/store-duckdb';
import type { AdapterContext, Adapters } from './parts.ts';
import { NoFleet } from './process/fleet.ts';

const hourMs = 3_600_000;
const mebibyte = 1_048_576;
const clientId = 'spillway';

/** What the configuration chooses; the client of another server is not even loaded. */
export const adapters: Adapters = {
  async broker(context) {
    const { report, config, spillFolder } = context;
    const { kind, kafka, rabbitmq } = config.broker;
    if (kind === 'kafka') {
      const { createKafkaBroker } = await import('@spillway/broker-kafka');
      const identities = spillFolder.identities(kind);
      return createKafkaBroker({ ...kafka, clientId, identities, report });
    }
    if (kind === 'rabbitmq') {
      const { createRabbitMqBroker } = await import('@spillway/broker-rabbitmq');
      const identities = spillFolder.identities(kind);
      return createRabbitMqBroker({ ...rabbitmq, clientId, identities, report });
    }
    return embeddedBroker(context);
  },
  async writeStore({ config, folder, report }) {
    const { createPostgresServerStore, createPostgresStore } = await import(
      '@spillway/store-postgres'
    );
    const retentionMs = config.writer.retentionHours * hourMs;
    const { kind, postgres } = config.store.write;
    if (kind === 'postgres') return createPostgresServerStore({ ...postgres, retentionMs, report });
    return createPostgresStore({ dir: folder.path('postgres'), retentionMs, report });
  },
  async searchStore({ config, folder, report }, folderName, beside) {
    const { kind, elasticsearch, memoryBytesMax } = config.store.search;
    if (kind === 'elasticsearch') {
      const { createElasticsearchStore } = await import('@spillway/store-elasticsearch');
      const retentionMs = config.projector.searchRetentionHours * hourMs;
      return createElasticsearchStore({ ...elasticsearch, retentionMs, report });
    }
    const { createDuckdbSearchStore } = await import('@spillway/store-duckdb');
    const memoryLimitMb = Math.floor(memoryBytesMax / mebibyte);
    const dir = folder.path(folderName);
    const own = beside as DuckdbSearchStore | undefined;
    return createDuckdbSearchStore({ dir, memoryLimitMb, beside: own, report });
  },
  async liveStore({ config, report }) {
    const { kind, redis, windowMinutes, memoryBytesMax, redisBytesMax } = config.store.live;
    const windowMs = windowMinutes * 60_000;
    if (kind === 'redis') {
      const { createRedisLiveStore } = await import('@spillway/store-redis');
      const positions = config.broker.kind === 'rabbitmq' ? 'sequences' : 'log';
      return createRedisLiveStore({
        ...{ ...redis, windowMs, bytesMax: redisBytesMax },
        ...{ positions, report },
      });
    }
    const { createMemoryLiveStore } = await import('@spillway/store-memory');
    return createMemoryLiveStore({ windowMs, bytesMax: memoryBytesMax, report });
  },
  async fleet({ config, report }, self) {
    const { kind, redis, windowMs, reportersMin } = config.fleet;
    if (kind === 'none') return new NoFleet(self);
    const { createFailureReports } = await import('@spillway/store-redis');
    const describe = () => self.describe();
    const { name } = self;
    return createFailureReports({ ...redis, name, windowMs, reportersMin, describe, report });
  },
  async quotas({ config, report }) {
    const { kind, redis, gatewaysAssumed } = config.fleet;
    if (kind === 'none') return undefined;
    const { createQuotaLeases } = await import('@spillway/store-redis');
    return createQuotaLeases({ ...redis, gatewaysAssumed, report });
  },
};

async function embeddedBroker({ config, folder, report }: AdapterContext) {
  const { createEmbeddedBroker } = await import('@spillway/broker-embedded');
  const { retentionHours, ...limits } = config.broker.embedded;
  return createEmbeddedBroker({
    ...limits,
    dir: folder.path('log'),
    retentionMs: retentionHours * hourMs,
    report,
  });
}
