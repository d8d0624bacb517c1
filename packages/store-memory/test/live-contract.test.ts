import { liveStoreContract } from '@spillway/store/contract';
import { createMemoryLiveStore } from '../src/index.ts';

liveStoreContract({
  name: 'Memory',
  alwaysThere: 'it is kept in the process itself',
  create: async (clock, bytesMax) => {
    const store = createMemoryLiveStore({ clock, bytesMax });
    await store.start();
    return { store, close: () => store.stop() };
  },
});
