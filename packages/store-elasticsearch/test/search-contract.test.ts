import { searchStoreContract } from '@spillway/store/contract';
import { createElasticsearchStore, elasticsearchSection } from '../src/index.ts';

const url = process.env.ES_URL ?? 'http://127.0.0.1:19233';
let made = 0;
searchStoreContract({
  name: 'Elasticsearch',
  create: async () => {
    const indexPrefix = `t${process.pid}-${++made}`;
    const section = elasticsearchSection.parse({
      nodes: [url],
      replicas: 0,
      leaseMs: 500,
      indexPrefix,
    });
    const open = async () => {
      const store = createElasticsearchStore(section);
      await store.start();
      return store;
    };
    const remove = async (path: string) => {
      await fetch(`${url}/${path}`, { method: 'DELETE' });
    };
    let store = await open();
    return {
      store,
      reopen: async () => {
        await store.stop();
        store = await open();
        return store;
      },
      refresh: async () => {
        await fetch(`${url}/${indexPrefix}-*/_refresh`, { method: 'POST' });
      },
      close: async () => {
        await store.stop();
        const names = Object.keys(
          (await (await fetch(`${url}/${indexPrefix}-*/_settings`)).json()) as object,
        );
        if (names.length) await remove(names.join());
        await remove(`_index_template/${indexPrefix}-*`);
      },
    };
  },
});
