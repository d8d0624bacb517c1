import type { StackName } from '../servers.ts';
import { startServers } from '../start-servers.ts';
import type { Ground } from './ground.ts';
import { openServerGround } from './server-ground.ts';

/** Real servers of a test's own, for what one lab needs of them; they end with `close`. */
export async function startOwnGround(
  stack: Exclude<StackName, 'embedded'>,
): Promise<Pick<Ground, 'env' | 'refresh' | 'close'>> {
  const { servers, remove } = await startServers({ withRabbitMq: stack === 'rabbitmq' });
  const ground = await openServerGround(stack, servers).catch(async (error) => {
    await remove();
    throw error;
  });
  return {
    env: ground.env,
    refresh: () => ground.refresh(),
    close: async () => {
      await ground.close();
      await remove();
    },
  };
}
