import { describe, expect, it } from 'vitest';
import { Swappable } from './swappable.ts';

const store = (name: string) => ({
  name,
  who: async () => name,
  health: () => ({ ok: true, detail: name }),
});

describe('Swappable', () => {
  it('lets calls made during a switch wait for the new store', async () => {
    const swappable = new Swappable(store('old'));
    const gate = Promise.withResolvers<void>();
    const swap = swappable.swap(async () => {
      await gate.promise;
      return store('new');
    });
    const asked = swappable.store.who();
    expect(swappable.store.health().detail).toBe('old');
    gate.resolve();
    await swap;
    expect([await asked, swappable.store.name]).toEqual(['new', 'new']);
  });

  it('keeps the old store when the switch fails', async () => {
    const swappable = new Swappable(store('old'));
    await expect(swappable.swap(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await swappable.store.who()).toBe('old');
  });
});
