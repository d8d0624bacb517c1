import type { Broker, OutgoingMessage, PublishOutcome } from '@spillway/broker';
import { describe, expect, it } from 'vitest';
import { LedgerNotes } from './ledger-notes.ts';
import { type Parcel, Parcels } from './parcel.ts';
import { PublishQueue, type PublishQueueOptions } from './publish-queue.ts';
import { Refusal } from './refusal.ts';

interface Call {
  sequences: string[];
  answer: () => void;
}

/** The queue before a broker that answers when it is told to. */
function queueBefore(limits: Partial<PublishQueueOptions> = {}) {
  const calls: Call[] = [];
  const publish = (messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> =>
    new Promise((resolve) => {
      calls.push({
        sequences: messages.map(({ headers }) => headers['spillway-seq']?.split('/')[2] ?? ''),
        answer: () => resolve(messages.map((_, position) => ({ status: 'durable', position }))),
      });
    });
  const broker = { publish } as unknown as Broker;
  const identity = { gateway: 'gw', epoch: 1 };
  const notes = new LedgerNotes({ ...identity, broker, intervalMs: 1000 });
  const queue = new PublishQueue({
    broker,
    parcels: new Parcels({ ...identity, notes }),
    lingerMs: 0,
    batchBytesMax: 100,
    publishesInFlightMax: 2,
    queueBytesMax: 1000,
    nowMs: () => 0,
    ...limits,
  });
  return { queue, calls, notes };
}

function parcel(bytes: number, more: Partial<Parcel> = {}): Parcel {
  return {
    signal: 'logs',
    tenant: 'default',
    receivedMs: 0,
    traceparent: undefined,
    slices: [{ partition: 0, records: 1, bytes, chunks: [Buffer.alloc(bytes)] }],
    cancelled: () => false,
    ...more,
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('PublishQueue', () => {
  it('gathers what comes in one turn, and keeps at most so many publishes on their way', async () => {
    const { queue, calls } = queueBefore();
    const results = [1, 2, 3].map(() => queue.publish(parcel(10)));
    await turn();
    expect(calls.map(({ sequences }) => sequences)).toEqual([['1', '2', '3']]);
    results.push(queue.publish(parcel(10)));
    await turn();
    results.push(queue.publish(parcel(10)), queue.publish(parcel(10)));
    await turn();
    expect(calls.map(({ sequences }) => sequences)).toEqual([['1', '2', '3'], ['4']]);
    calls[0]?.answer();
    await turn();
    await turn();
    expect(calls.at(-1)?.sequences).toEqual(['5', '6']);
    for (const { answer } of calls) answer();
    expect(await Promise.all(results)).toEqual(
      results.map(() => ({ rejectedRecords: 0, message: '' })),
    );
    expect(queue.bytes).toBe(0);
  });

  it('starts a publish at the batch size without waiting, and keeps the order', async () => {
    const { queue, calls } = queueBefore({ lingerMs: 100, publishesInFlightMax: 9 });
    for (let i = 0; i < 5; i++) void queue.publish(parcel(60));
    expect(calls.map(({ sequences }) => sequences)).toEqual([['1'], ['2'], ['3'], ['4']]);
    await turn();
    expect(calls.at(-1)?.sequences).toEqual(['5']);
    for (const { answer } of calls.splice(0)) answer();
    await turn();
  });

  it('refuses beyond its bytes, and counts what is on its way', async () => {
    const { queue, calls, notes } = queueBefore({ queueBytesMax: 100 });
    const taken = queue.publish(parcel(500));
    await turn();
    const refused = await queue.publish(parcel(1));
    expect(refused).toBeInstanceOf(Refusal);
    expect((refused as Refusal).code).toBe('queue-full');
    calls[0]?.answer();
    await taken;
    const later = queue.publish(parcel(100));
    await turn();
    calls[1]?.answer();
    expect(await later).toEqual({ rejectedRecords: 0, message: '' });
    expect(notes.stats().pendingMessages).toBe(2);
  });

  it('drops what was answered before it was published, without using a sequence', async () => {
    const { queue, calls } = queueBefore();
    const late = queue.publish(parcel(10, { cancelled: () => true }));
    const timely = queue.publish(parcel(10));
    await turn();
    expect(calls.map(({ sequences }) => sequences)).toEqual([['1']]);
    expect(((await late) as Refusal).code).toBe('gone');
    calls[0]?.answer();
    expect(await timely).toEqual({ rejectedRecords: 0, message: '' });
    expect(queue.bytes).toBe(0);
  });

  it('is idle when everything has its outcome', async () => {
    const { queue, calls } = queueBefore();
    await queue.idle();
    void queue.publish(parcel(10));
    let idle = false;
    void queue.idle().then(() => {
      idle = true;
    });
    await turn();
    expect(idle).toBe(false);
    calls[0]?.answer();
    await turn();
    expect(idle).toBe(true);
  });
});
