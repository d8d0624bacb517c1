import type { Broker, OutgoingMessage } from '@spillway/broker';
import type { LedgerNote } from '@spillway/ledger';
import type { Spill } from '@spillway/spill';
import { expect, it } from 'vitest';
import { NotePublisher, type NotePublisherEvent } from './note-publisher.ts';

const message = (sequence: number) => ({
  topic: 'otlp_logs',
  partition: 0,
  sequence,
  position: undefined,
  tenant: 'default',
  signal: 'logs' as const,
  records: 1,
  minute: 1,
});

/** A broker and a spill that take notes, or not. */
function stage({ isSilent = false } = {}) {
  const world = { brokerIsUp: true, diskIsFull: false, revision: 1, waiting: [] as never[] };
  const published: LedgerNote[] = [];
  const kept: Uint8Array[] = [];
  const events: NotePublisherEvent[] = [];
  const broker = {
    publish: async (messages: readonly OutgoingMessage[]) => {
      if (isSilent) await new Promise(() => {});
      if (!world.brokerIsUp) return [{ status: 'unknown', message: 'down' }];
      for (const { value } of messages) published.push(JSON.parse(Buffer.concat(value).toString()));
      return [{ status: 'durable', position: 0 }];
    },
  } as unknown as Broker;
  const spill = {
    id: 'spill',
    inventory: () => ({ revision: world.revision, waiting: world.waiting }),
    notes: {
      get count() {
        return kept.length;
      },
      append: async (note: Uint8Array) => {
        if (world.diskIsFull) return { status: 'refused', code: 'disk-full', message: 'full' };
        kept.push(note);
        return { status: 'durable' };
      },
      next: async () => kept[0],
      done: async () => {
        kept.shift();
        if (world.diskIsFull) throw new Error('no space left');
      },
    },
  } as unknown as Spill;
  const notes = new NotePublisher({
    broker,
    spill,
    gateway: 'gw',
    epoch: 1,
    intervalMs: 1000,
    publishTimeoutMs: 1000,
    wallMs: () => 0,
    report: (event) => events.push(event),
  });
  return { world, published, kept, events, notes };
}

it('loses no note while neither the broker nor the disk takes one', async () => {
  const { world, published, notes } = stage();
  await notes.flush();
  Object.assign(world, { brokerIsUp: false, diskIsFull: true });
  notes.durable(message(1));
  expect(await notes.flush()).toBe(false);
  for (let sequence = 2; sequence <= 60_000; sequence += 1) {
    notes.durable(message(sequence));
    if (sequence % 10_000 === 0) await new Promise(setImmediate);
  }
  expect(notes.stats().pendingMessages).toBe(60_000);
  Object.assign(world, { brokerIsUp: true, diskIsFull: false });
  expect(await notes.flush()).toBe(true);
  const sequences = published.flatMap(({ messages }) => messages.map(({ sequence }) => sequence));
  expect(new Set(sequences).size).toBe(60_000);
  expect(published.map(({ note }) => note)).toEqual(published.map((_, i) => i + 1));
});

it('no note grows with the tenants that were refused something', async () => {
  const { published, notes } = stage();
  for (let tenant = 0; tenant < 6_000; tenant++) notes.refused(`tenant-${tenant}`, 'logs', 1, 2);
  expect(await notes.flush()).toBe(true);
  const refused = published.map((note) => note.refused.length);
  expect(Math.max(...refused)).toBeLessThanOrEqual(2_500);
  expect(refused.reduce((sum, each) => sum + each)).toBe(6_000);
});

it('says so, and goes on, when what was published cannot be saved as done', async () => {
  const { world, published, kept, events, notes } = stage();
  world.brokerIsUp = false;
  notes.durable(message(1));
  await notes.flush();
  expect(kept.length).toBe(1);
  Object.assign(world, { brokerIsUp: true, diskIsFull: true });
  expect(await notes.flush()).toBe(false);
  expect(events.at(-1)).toEqual({ type: 'note-failed', note: 1, reason: 'no space left' });
  expect(await notes.flush()).toBe(true);
  expect(published.length).toBe(1);
});

it('tells that the spill is empty, also when it could not at first', async () => {
  const { world, published, notes } = stage();
  await notes.flush();
  Object.assign(world, { brokerIsUp: false, diskIsFull: true });
  notes.durable(message(1));
  await notes.flush();
  world.revision = 2;
  await notes.flush();
  Object.assign(world, { brokerIsUp: true, diskIsFull: false });
  await notes.flush();
  await notes.flush();
  expect(published.at(-1)?.spill?.revision).toBe(2);
});

it('keeps the last notes, numbered as ever, when a stop has no time for the broker', async () => {
  const { kept, notes } = stage({ isSilent: true });
  notes.durable(message(1));
  void notes.flush();
  notes.durable(message(2));
  expect(await notes.stop(AbortSignal.abort())).toBe(true);
  const told = kept.map((note) => JSON.parse(Buffer.from(note).toString()) as LedgerNote);
  expect(told.map(({ note }) => note)).toEqual([1, 2]);
  expect(told.flatMap(({ messages }) => messages.map(({ sequence }) => sequence))).toEqual([1, 2]);
});
