import { replyCodeOf, replyCodes } from '../errors.ts';
import { type Client, closeChannel } from './client.ts';

export interface QueueStat {
  /** Messages that no consumer was given. */
  ready: number;
  consumers: number;
}

/** Asks for queues by name, as of now; without the queues that do not exist. */
export async function statQueues(
  client: Client,
  queues: readonly string[],
): Promise<Map<string, QueueStat>> {
  const found = new Map<string, QueueStat>();
  let channel = await client.channel();
  for (const queue of queues) {
    try {
      const { messageCount: ready, consumerCount: consumers } = await channel.checkQueue(queue);
      found.set(queue, { ready, consumers });
    } catch (error) {
      if (replyCodeOf(error) !== replyCodes.notFound) throw error;
      channel = await client.channel(); // The server has closed the other one.
    }
  }
  await closeChannel(channel);
  return found;
}
