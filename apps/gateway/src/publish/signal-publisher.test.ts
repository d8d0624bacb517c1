import type { OutgoingMessage, PublishOutcome } from '@spillway/broker';
import { describe, expect, it } from 'vitest';
import type { Refusal } from '../model/refusal.ts';
import { publisherBefore, requestOf, turn } from './test-tools.ts';

interface Call {
  sequences: string[];
  answer: () => void;
}

/** A publisher before a broker that answers when it is told to. */
async function laneBefore(limits: Record<string, number> = {}) {
  const calls: Call[] = [];
  const publish = (messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> =>
    new Promise((resolve) => {
      calls.push({
        sequences: messages.map(({ headers }) => headers['spillway-seq']?.split('/')[2] ?? ''),
        answer: () => resolve(messages.map((_, position) => ({ status: 'durable', position }))),
      });
    });
  const { publisher, notes } = await publisherBefore(
    { publish },
    { lingerMs: 0, batchBytesMax: 100, publishesInFlightMax: 2, queueBytesMax: 1000, ...limits },
  );
  return { publisher, calls, notes };
}

const delivered = { rejectedRecords: 0, message: '', ack: 'broker' };

describe('SignalPublisher', () => {
  it('gathers what comes in one turn, and keeps at most so many publishes on their way', async () => {
    const { publisher, calls } = await laneBefore();
    const results = [1, 2, 3].map(() => publisher.publish(requestOf(10)));
    await turn();
    expect(calls.map(({ sequences }) => sequences)).toEqual([['1', '2', '3']]);
    results.push(publisher.publish(requestOf(10)));
    await turn();
    results.push(publisher.publish(requestOf(10)), publisher.publish(requestOf(10)));
    await turn();
    expect(calls.map(({ sequences }) => sequences)).toEqual([['1', '2', '3'], ['4']]);
    calls[0]?.answer();
    await turn();
    await turn();
    expect(calls.at(-1)?.sequences).toEqual(['5', '6']);
    for (const { answer } of calls) answer();
    expect(await Promise.all(results)).toEqual(results.map(() => delivered));
    expect(publisher.stats().queueBytes).toBe(0);
  });

  it('does not wait for another signal whose publishes are stuck', async () => {
    const { publisher, calls } = await laneBefore({ publishesInFlightMax: 1 });
    void publisher.publish(requestOf(10, { signal: 'logs' }));
    await turn();
    void publisher.publish(requestOf(10, { signal: 'logs' }));
    const trace = publisher.publish(requestOf(10, { signal: 'traces' }));
    await turn();
    expect(calls).toHaveLength(2);
    calls[1]?.answer();
    expect(await trace).toEqual(delivered);
    calls[0]?.answer();
    await turn();
    calls[2]?.answer();
    await turn();
  });

  it('starts a publish at the batch size without waiting, and keeps the order', async () => {
    const { publisher, calls } = await laneBefore({ lingerMs: 100, publishesInFlightMax: 9 });
    for (let i = 0; i < 5; i++) void publisher.publish(requestOf(60));
    expect(calls.map(({ sequences }) => sequences)).toEqual([['1'], ['2'], ['3'], ['4']]);
    await turn();
    expect(calls.at(-1)?.sequences).toEqual(['5']);
    for (const { answer } of calls.splice(0)) answer();
    await turn();
  });

  it('refuses beyond its bytes, and counts what is on its way', async () => {
    const { publisher, calls, notes } = await laneBefore({ queueBytesMax: 100 });
    const taken = publisher.publish(requestOf(500));
    await turn();
    const refused = await publisher.publish(requestOf(1));
    expect((refused as Refusal).code).toBe('queue-full');
    calls[0]?.answer();
    await taken;
    const later = publisher.publish(requestOf(100));
    await turn();
    calls[1]?.answer();
    expect(await later).toEqual(delivered);
    expect(notes.stats().pendingMessages).toBe(2);
  });

  it('drops what was answered before it was published, without using a sequence', async () => {
    const { publisher, calls } = await laneBefore();
    const late = publisher.publish(requestOf(10, { isCancelled: () => true }));
    const timely = publisher.publish(requestOf(10));
    await turn();
    expect(calls.map(({ sequences }) => sequences)).toEqual([['1']]);
    expect(((await late) as Refusal).code).toBe('gone');
    calls[0]?.answer();
    expect(await timely).toEqual(delivered);
    expect(publisher.stats().queueBytes).toBe(0);
  });

  it('is idle when everything has its outcome', async () => {
    const { publisher, calls } = await laneBefore();
    await publisher.idle();
    void publisher.publish(requestOf(10));
    let idle = false;
    void publisher.idle().then(() => {
      idle = true;
    });
    await turn();
    expect(idle).toBe(false);
    calls[0]?.answer();
    await turn();
    await turn();
    expect(idle).toBe(true);
  });
});
