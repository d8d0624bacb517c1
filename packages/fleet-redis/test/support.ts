import type { RedisServer } from '@spillway/native';
import { Redis } from 'ioredis';

/** Polls; the test's own time-out ends a condition that never holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Names of all keys with the prefix. */
export async function keysOf(redis: RedisServer, prefix: string): Promise<string[]> {
  const client = new Redis(redis.url);
  const keys = await client.keys(`${prefix}*`);
  client.disconnect();
  return keys;
}
