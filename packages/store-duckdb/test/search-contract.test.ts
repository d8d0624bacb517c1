import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type SearchContractOptions,
  searchReaderContract,
  searchWriterContract,
} from '@spillway/store/contract';
import { createDuckdbSearchStore } from '../src/index.ts';

const options: SearchContractOptions = {
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
      writer: store,
      reader: store,
      reopen: async () => {
        await store.stop();
        store = await open();
        return { writer: store, reader: store };
      },
      close: async () => {
        await store.stop();
        await rm(dir, { recursive: true });
      },
    };
  },
};

searchWriterContract(options);
searchReaderContract(options);
