import { writeStoreContract } from '@spillway/store/contract';
import { newStore, useServer } from './server.ts';

const server = useServer();

writeStoreContract({
  name: 'PostgreSQL',
  create: async () => {
    const url = await server().createDatabase();
    let store = newStore(url);
    await store.start();
    return {
      store,
      reopen: async () => {
        await server().server.kill();
        await store.stop();
        await server().server.start();
        store = newStore(url);
        await store.start();
        return store;
      },
      close: () => store.stop(),
    };
  },
});
