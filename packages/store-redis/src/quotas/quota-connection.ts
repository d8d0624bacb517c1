import Bottleneck from 'bottleneck';
import { Redis } from 'ioredis';
import type { optionsOf } from '../client.ts';

/**
 * Bottleneck does not wait for the end of what it subscribed to, so that a failure there would end
 * the process. None of its messages are needed here.
 */
function quietly(subscriber: Redis): Redis {
  const unsubscribe = subscriber.unsubscribe.bind(subscriber) as (
    channel: string,
  ) => Promise<unknown>;
  return Object.assign(subscriber, {
    unsubscribe: (channel: string) => unsubscribe(channel).catch(() => undefined),
  });
}

export function connectQuotas(
  url: string,
  options: ReturnType<typeof optionsOf>,
): { redis: Redis; connection: Bottleneck.IORedisConnection } {
  // Bottleneck reads replies of the older protocol, and waits for connections without asking.
  const redis = new Redis(url, { ...options, protocol: 2, lazyConnect: false });
  const duplicate = redis.duplicate.bind(redis);
  const client = Object.assign(redis, { duplicate: () => quietly(duplicate()) });
  return { redis, connection: new Bottleneck.IORedisConnection({ client }) };
}
