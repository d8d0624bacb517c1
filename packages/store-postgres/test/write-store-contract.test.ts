import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeStoreContract } from '@spillway/store/contract';
import { createPostgresStore } from '../src/index.ts';

const retentionMs = 7 * 86_400_000;

writeStoreContract({
  name: 'embedded PostgreSQL',
  create: async () => {
    const parent = await mkdtemp(join(tmpdir(), 'spillway-postgres-'));
    const open = async () => {
      const store = createPostgresStore({ dir: join(parent, 'postgres'), retentionMs });
      await store.start();
      return store;
    };
    let store = await open();
    return {
      store,
      reopen: async () => {
        await store.stop();
        store = await open();
        return store;
      },
      close: async () => {
        await store.stop();
        await rm(parent, { recursive: true });
      },
    };
  },
});
