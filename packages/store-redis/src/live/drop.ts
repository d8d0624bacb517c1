import type { Client } from '@spillway/redis';

const stepKeys = 500;

/** Removes the keys that begin so, in steps that let others in between. They expire in any case. */
export async function dropKeys(client: Client, prefix: string): Promise<void> {
  const pattern = `${prefix.replace(/[\\*?[\]]/g, '\\$&')}*`;
  let cursor = '0';
  do {
    const [next, keys] = await client.run((redis) =>
      redis.scan(cursor, 'MATCH', pattern, 'COUNT', stepKeys),
    );
    if (keys.length > 0) await client.run((redis) => redis.unlink(...keys));
    cursor = next;
  } while (cursor !== '0');
}
