import { describe, expect, it } from 'vitest';
import { isStoreError } from '../errors.ts';
import { FairQueue } from './fair-queue.ts';

/** Enters without waiting for the turn. */
function asked(queue: FairQueue, name: string, abort?: AbortSignal) {
  const place: { name: string; leave?: () => void; error?: unknown } = { name };
  const done = queue.enter(name, abort).then(
    (leave) => {
      place.leave = leave;
    },
    (error: unknown) => {
      place.error = error;
    },
  );
  return Object.assign(place, { done });
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a fair queue', () => {
  it('leaves a slot for another name, however much one asks for', async () => {
    const queue = new FairQueue({ slots: 8, waitingMax: 100 });
    const flood = Array.from({ length: 40 }, () => asked(queue, 'evil'));
    await settled();
    expect(flood.filter(({ leave }) => leave)).toHaveLength(4);
    const good = asked(queue, 'good');
    await settled();
    expect(good.leave).toBeDefined();
  });

  it('refuses the name that floods, and no other', async () => {
    const queue = new FairQueue({ slots: 2, waitingMax: 10 });
    const flood = Array.from({ length: 50 }, () => asked(queue, 'evil'));
    await settled();
    const refused = flood.filter(({ error }) => isStoreError(error, 'overloaded'));
    expect(refused).toHaveLength(50 - 1 - 5);
    const others = ['a', 'b', 'c'].map((name) => asked(queue, name));
    await settled();
    expect(others.filter(({ error }) => error)).toEqual([]);
  });

  it('takes names in turn', async () => {
    const queue = new FairQueue({ slots: 1, waitingMax: 100 });
    const first = asked(queue, 'evil');
    const flood = Array.from({ length: 5 }, () => asked(queue, 'evil'));
    const good = asked(queue, 'good');
    await settled();
    first.leave?.();
    await settled();
    const running = [...flood, good].filter(({ leave }) => leave);
    expect(running.map(({ name }) => name)).toEqual(['evil']);
    running[0]?.leave?.();
    await settled();
    expect(good.leave).toBeDefined();
  });

  it('forgets who gives up waiting, and gives every slot back once', async () => {
    const queue = new FairQueue({ slots: 1, waitingMax: 10 });
    const first = asked(queue, 'a');
    const gone = new AbortController();
    const late = asked(queue, 'a', gone.signal);
    await settled();
    gone.abort(new Error('too late'));
    await settled();
    expect(late.error).toEqual(new Error('too late'));
    expect(queue.waiting).toBe(0);
    first.leave?.();
    first.leave?.();
    expect(queue.running).toBe(0);
    await expect(queue.enter('a', gone.signal)).rejects.toThrow('too late');
    expect((await queue.enter('a'))()).toBeUndefined();
  });
});
