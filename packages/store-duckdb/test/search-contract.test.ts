import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { searchStoreContract } from '@spillway/store/contract';
import { createDuckdbSearchStore } from '../src/index.ts';

searchStoreContract({
  name: 'DuckDB',
  create: async () => {
    const dir = await mkdtemp(join(tmpdir(), 'spillway-search-'));
    const open = async () => {
      const store = createDuckdbSearchStore({ dir });
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
        await rm(dir, { recursive: true });
      },
    };
  },
});
