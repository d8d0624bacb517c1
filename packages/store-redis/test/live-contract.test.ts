import { type RedisServer, startRedis } from '@spillway/native';
import { redisSection } from '@spillway/redis';
import { liveStoreContract } from '@spillway/store/contract';
import { afterAll, beforeAll } from 'vitest';
import { createRedisLiveStore } from '../src/index.ts';

let redis: RedisServer;
let made = 0;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.remove());

for (const positions of ['log', 'sequences'] as const) {
  liveStoreContract({
    name: `Redis with ${positions}`,
    create: async (clock, bytesMax) => {
      made += 1;
      const config = redisSection.parse({ url: redis.url, keyPrefix: `contract-${made}:` });
      const store = createRedisLiveStore({ ...config, positions, clock, bytesMax });
      await store.start();
      return { store, close: () => store.stop() };
    },
  });
}
