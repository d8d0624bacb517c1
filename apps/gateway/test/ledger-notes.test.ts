import { type Broker, readEnvelope, topicOf } from '@spillway/broker';
import { type LedgerNote, minuteOf } from '@spillway/ledger';
import { signals } from '@spillway/otlp';
import { describe, expect, it } from 'vitest';
import {
  epoch,
  openBroker,
  readAll,
  readNotes,
  runGateway,
  withPublish,
} from './support/gateway.ts';
import { json, send } from './support/http.ts';
import { jsonRequest } from './support/requests.ts';

const never = { noteIntervalMs: 3_600_000 };

describe('the ledger notes', () => {
  it('name every durable message, with what the log holds of it, no gap and no repeat', async () => {
    const { http, gateway, broker } = await runGateway({ config: { noteIntervalMs: 5 } });
    await Promise.all(
      Array.from({ length: 30 }, (_, i) => {
        const signal = signals[i % 3] ?? 'logs';
        const body = jsonRequest(signal, { records: 8, groups: 8, name: `n${i}` });
        return send(http, { path: `/v1/${signal}`, headers: json, body });
      }),
    );
    await gateway.stop();
    const notes = await readNotes(broker);
    expect(notes.map(({ note }) => note)).toEqual(notes.map((_, i) => i + 1));
    expect(notes.every((note) => note.gateway === 'gw' && note.epoch === epoch)).toBe(true);
    expect(sorted(notedIn(notes))).toEqual(sorted(await messagesIn(broker)));
    expect(gateway.stats().notes).toMatchObject({ failed: 0, pendingMessages: 0 });
  });

  it('give each partition its messages as 1, 2, 3 … in the order of the log', async () => {
    const { http, broker } = await runGateway();
    for (let i = 0; i < 6; i++) {
      await Promise.all([
        send(http, { headers: json, body: jsonRequest('traces', { records: 9, groups: 9 }) }),
        send(http, { headers: json, body: jsonRequest('traces', { records: 9, groups: 9 }) }),
      ]);
    }
    const sequences = new Map<number, number[]>();
    for (const message of await readAll(broker, topicOf.traces)) {
      const { sequence } = readEnvelope(message).id;
      sequences.set(message.partition, [...(sequences.get(message.partition) ?? []), sequence]);
    }
    expect(sequences.size).toBeGreaterThan(1);
    for (const own of sequences.values()) expect(own).toEqual(own.map((_, i) => i + 1));
  });

  it('count what was refused after the scan, and the rest of a request that failed in part', async () => {
    const broker = withPublish(await openBroker(), async (messages, real) => {
      const outcomes = await real.publish(messages.slice(1));
      const refused = { status: 'refused', code: 'log-full', retryable: true } as const;
      return [{ ...refused, message: 'the log is full' }, ...outcomes];
    });
    const { http, gateway } = await runGateway({ broker, config: never });
    const body = jsonRequest('logs', { records: 20, groups: 20 });
    expect((await send(http, { path: '/v1/logs', headers: json, body })).status).toBe(503);
    await gateway.stop();
    const [note] = await readNotes(broker);
    const durable = note?.messages.reduce((sum, { records }) => sum + records, 0) ?? 0;
    expect(durable).toBeGreaterThan(0);
    expect(note?.refused).toMatchObject([
      { tenant: 'default', signal: 'logs', records: 20 - durable },
    ]);
  });

  it('are published again, unchanged, when the broker did not take them', async () => {
    const tried: string[] = [];
    const broker = withPublish(
      await openBroker(),
      async (messages, real) => {
        tried.push(Buffer.concat([...(messages[0]?.value ?? [])]).toString());
        if (tried.length < 4) return [{ status: 'unknown', message: 'time-out' }];
        return real.publish(messages);
      },
      'ledger',
    );
    const { http, gateway, events } = await runGateway({ broker, config: never });
    await send(http, { headers: json, body: jsonRequest('traces') });
    await gateway.stop();
    expect(new Set(tried).size).toBe(1);
    expect(await readNotes(broker)).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'note-failed')).toHaveLength(3);
  });

  it.each([
    ['refuses them', async () => [{ status: 'unknown', message: 'time-out' } as const]],
    ['never answers', () => new Promise<never>(() => undefined)],
  ])('are told as lost when the broker %s until the stop time-out', async (_, publish) => {
    const broker = withPublish(await openBroker(), publish, 'ledger');
    const { http, gateway, events } = await runGateway({ broker, config: { stopTimeoutMs: 50 } });
    await send(http, { headers: json, body: jsonRequest('traces') });
    await gateway.stop();
    expect(events.at(-1)).toEqual({ type: 'last-note-lost', messages: 1 });
  });
});

function notedIn(notes: readonly LedgerNote[]): object[] {
  return notes.flatMap(({ messages }) => messages);
}

async function messagesIn(broker: Broker): Promise<object[]> {
  const messages = [];
  for (const signal of signals) {
    for (const message of await readAll(broker, topicOf[signal])) {
      const { id, tenant, records, receivedMs } = readEnvelope(message);
      const { topic, partition, position } = message;
      const minute = minuteOf(receivedMs);
      const { sequence } = id;
      messages.push({ topic, partition, sequence, position, tenant, signal, minute, records });
    }
  }
  return messages;
}

function sorted(messages: readonly object[]): string[] {
  return messages.map((message) => JSON.stringify(message)).sort();
}
