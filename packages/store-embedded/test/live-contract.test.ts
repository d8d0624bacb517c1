import { liveStoreContract } from '@spillway/store/contract';
import { createMemoryLiveStore } from '../src/index.ts';

liveStoreContract({
  name: 'Memory',
  create: async (clock) => {
    const store = createMemoryLiveStore({ clock });
    await store.start();
    return { store, close: () => store.stop() };
  },
});
