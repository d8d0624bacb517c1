/** Global set-up of the projects that run on real servers: starts them once for all. */
import type { TestProject } from 'vitest/node';
import type { StackName } from './servers.ts';
import { startServers } from './start-servers.ts';

interface Running {
  users: number;
  started: ReturnType<typeof startServers>;
}

/** Each project loads this file anew, all in one process. */
const shared = globalThis as typeof globalThis & { spillwayServers?: Running | undefined };

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.spillwayServers ??= { users: 0, started: startServers({ withRabbitMq: true }) };
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
