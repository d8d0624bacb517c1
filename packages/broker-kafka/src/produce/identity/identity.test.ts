import type { Identities } from '@spillway/broker';
import { expect, test } from 'vitest';
import { Identity } from './identity.ts';
import { decodeIdentity, encodeIdentity } from './kept-identity.ts';

class Kept implements Identities {
  bytes: Uint8Array | undefined;
  saves = 0;
  failure: Error | undefined;

  async load() {
    return this.bytes;
  }

  async save(bytes: Uint8Array) {
    if (this.failure !== undefined) throw this.failure;
    this.saves += 1;
    this.bytes = bytes;
  }
}

/** One life of a producer. */
async function live(identities: Identities | undefined, clusterId = 'one') {
  const events: unknown[] = [];
  let nowMs = 0;
  const identity = new Identity({
    identities,
    newProducerId: async () => BigInt(lives++),
    clusterId: async () => clusterId,
    nowMs: () => nowMs,
    report: (event) => events.push(event),
  });
  await identity.open();
  const { producerId, epoch } = identity.first as { producerId: bigint; epoch: number };
  return {
    events,
    identity,
    producerId,
    epoch,
    mayUse: (used: number) => identity.mayUse(producerId, used),
    wait: () => {
      nowMs += 1_000;
    },
  };
}

let lives = 1;

test('each life begins above every epoch that one before may have used', async () => {
  const kept = new Kept();
  const first = await live(kept);
  expect(first.epoch).toBe(0);
  expect(first.mayUse(15)).toBe(true);
  const second = await live(kept);
  expect(second).toMatchObject({ producerId: first.producerId, epoch: 16, events: [] });
  expect(second.mayUse(31)).toBe(true);
  // Once a start: the normal path saves nothing more.
  expect(kept.saves).toBe(2);
});

test('an epoch that is not saved yet is not used', async () => {
  const kept = new Kept();
  const { producerId, mayUse } = await live(kept);
  expect(mayUse(16)).toBe(false);
  await expect.poll(() => mayUse(16)).toBe(true);
  expect(await live(kept)).toMatchObject({ producerId, epoch: 32 });
});

test('what cannot be saved is not used, and is tried again', async () => {
  const kept = new Kept();
  kept.failure = new Error('no space left');
  const life = await live(kept);
  expect(life.mayUse(0)).toBe(false);
  expect(life.events).toEqual([{ type: 'identity-unsaved', message: 'no space left' }]);
  kept.failure = undefined;
  expect(life.mayUse(0)).toBe(false); // Not with every look.
  expect(kept.saves).toBe(0);
  life.wait();
  await expect.poll(() => life.mayUse(0)).toBe(true);
});

test('the epochs are used up: another id, and it is told', async () => {
  const kept = new Kept();
  const kinds = { clusterId: 'one', producerId: 7_000_000_000n };
  kept.bytes = encodeIdentity({ ...kinds, epochsTo: 32_760 });
  const last = await live(kept);
  expect(last).toMatchObject({ producerId: kinds.producerId, epoch: 32_761 });
  expect(last.mayUse(32_767)).toBe(true);
  const next = await live(kept);
  expect(next.producerId).not.toBe(kinds.producerId);
  expect(next.epoch).toBe(0);
  expect(next.events).toEqual([
    { type: 'identity-new', reason: expect.stringContaining('used up') },
  ]);
});

test('what was saved is damaged: another id, and it is told', async () => {
  const whole = encodeIdentity({ clusterId: 'one', producerId: 123n, epochsTo: 15 });
  for (let at = 0; at < whole.length; at += 1) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] as number) ^ 1;
    expect(decodeIdentity(damaged)).toBe(undefined);
    expect(decodeIdentity(whole.subarray(0, at))).toBe(undefined);
  }
  const kept = new Kept();
  kept.bytes = whole.subarray(1);
  const { producerId, events } = await live(kept);
  expect(producerId).not.toBe(123n);
  expect(events).toEqual([{ type: 'identity-new', reason: expect.stringContaining('read') }]);
  expect(await live(kept)).toMatchObject({ producerId, events: [] });
});

test('the id of another cluster is never used: there it is of another producer', async () => {
  const kept = new Kept();
  const { producerId } = await live(kept);
  const elsewhere = await live(kept, 'other');
  expect(elsewhere.producerId).not.toBe(producerId);
  expect(elsewhere.events).toMatchObject([{ type: 'identity-new' }]);
});

test('without a place to keep it, each life is of its own', async () => {
  const first = await live(undefined);
  expect(first.mayUse(32_767)).toBe(true);
  expect((await live(undefined)).producerId).not.toBe(first.producerId);
});
