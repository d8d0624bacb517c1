/** Global set-up of the projects that run on real servers: starts them once for all. */
import { startElasticsearch, startPostgres, startRabbitMq, startRedis } from '@spillway/native';
import type { TestProject } from 'vitest/node';
import type { SharedServers, StackName } from './servers.ts';

interface Running {
  users: number;
  started: Promise<{ servers: SharedServers; remove: () => Promise<void> }>;
}

/** Each project loads this file anew, all in one process. */
const shared = globalThis as typeof globalThis & { spillwayServers?: Running | undefined };

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.spillwayServers ??= { users: 0, started: start() };
  const running = shared.spillwayServers;
  running.users += 1;
  const { servers, remove } = await running.started;
  project.provide('servers', servers);
  project.provide('stack', project.name.replace('e2e on ', '') as StackName);
  return async () => {
    running.users -= 1;
    if (running.users > 0) return;
    shared.spillwayServers = undefined;
    await remove();
  };
}

async function start() {
  const [postgres, redis, elasticsearch, rabbitMq] = await Promise.all([
    startPostgres(),
    startRedis(),
    startElasticsearch(),
    startRabbitMq(),
  ]);
  const servers: SharedServers = {
    postgresUrl: postgres.url,
    redisUrl: redis.url,
    elasticsearchUrl: elasticsearch.url,
    rabbitMq: { url: rabbitMq.url, managementUrl: rabbitMq.managementUrl },
  };
  const remove = async (): Promise<void> => {
    await Promise.all([postgres, redis, elasticsearch, rabbitMq].map((each) => each.remove()));
  };
  return { servers, remove };
}
