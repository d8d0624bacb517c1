import { setImmediate as turn } from 'node:timers/promises';
import {
  type Broker,
  type DeliveredMessage,
  deadLetterHeaders,
  deadLetterTopicOf,
  headerNames,
  type OutgoingMessage,
  type Position,
} from '@spillway/broker';
import { expect, it } from 'vitest';
import { Census } from './census.ts';
import { DeadLetters } from './dead-letters.ts';

const topic = deadLetterTopicOf.logs;
const { signal } = new AbortController();
const options = { abort: signal, ratePerSecond: 1e9 };

/** Two partitions of dead logs; what is published to others is only remembered. */
class Topics implements Pick<Broker, 'read' | 'topics' | 'publish'> {
  readonly #partitions: DeliveredMessage[][] = [[], []];
  readonly sent: string[] = [];
  reads = 0;
  /** Called with everything that is published. */
  onPublish: (message: OutgoingMessage) => void = () => {};
  #nowMs = 1_000;

  add(partition: number, headers: Record<string, string> = {}): string {
    const kept = this.#partitions[partition] as DeliveredMessage[];
    const position = kept.length;
    const source = `otlp_logs/${partition}/${position}`;
    const timestampMs = this.#nowMs++;
    const all = {
      [headerNames.tenant]: 'acme',
      [headerNames.records]: '1',
      [headerNames.receivedMs]: '1000',
      [headerNames.seq]: `gw/1/${partition}${position}`,
      [deadLetterHeaders.group]: 'writer',
      [deadLetterHeaders.code]: 'malformed-record',
      [deadLetterHeaders.source]: source,
      [deadLetterHeaders.records]: '1',
      ...headers,
    };
    const value = new Uint8Array(1);
    kept.push({ topic, partition, position, key: '', value, headers: all, timestampMs });
    return `logs/${partition}/${position}`;
  }

  mark(partition: number, position: number): void {
    this.add(partition, { [deadLetterHeaders.resubmitted]: `${position}` });
  }

  async topics() {
    return [{ name: topic, partitions: 2 }];
  }

  async *read(from: Position, asked: { bytesMax?: number } = {}) {
    if (asked.bytesMax !== 1) this.reads++;
    const kept = from.topic === topic ? (this.#partitions[from.partition] ?? []) : [];
    for (const message of kept.slice(from.position)) {
      if (message.position % 50 === 0) await turn();
      yield message;
    }
  }

  async publish(messages: readonly OutgoingMessage[]) {
    for (const message of messages) {
      if (message.topic === topic) this.add(message.partition, { ...message.headers });
      else this.sent.push(message.headers[headerNames.seq] ?? '');
      this.onPublish(message);
    }
    return messages.map(() => ({ status: 'durable', position: undefined }) as const);
  }
}

function letters(topics: Topics, readBytesMax?: number): DeadLetters {
  return new DeadLetters(topics as unknown as Broker, { readBytesMax });
}

const idsOf = async (topics: Topics, filter = {}, readBytesMax?: number) =>
  (await Array.fromAsync(letters(topics, readBytesMax).list(filter))).map(({ id }) => id);

it('lists each once, the oldest first, over all partitions', async () => {
  const topics = new Topics();
  const again = { [headerNames.seq]: 'gw/1/7', [deadLetterHeaders.source]: 'otlp_logs/0/7' };
  const ids = [topics.add(0), topics.add(1), topics.add(1), topics.add(0, again), topics.add(1)];
  topics.add(0, again);
  topics.mark(1, 1);
  expect(await idsOf(topics)).toEqual(ids.filter((id) => id !== 'logs/1/1'));
  expect(await idsOf(topics, { all: true })).toEqual(ids);
});

it('keeps apart the dead letters of two parts of a message', async () => {
  const topics = new Topics();
  const of = { [headerNames.seq]: 'gw/1/7', [deadLetterHeaders.source]: 'otlp_logs/0/7' };
  const part = (from: string) => topics.add(0, { ...of, [deadLetterHeaders.part]: from });
  const ids = [part('0'), part('100')];
  part('100');
  expect(await idsOf(topics)).toEqual(ids);
  const { deadLetters } = await letters(topics).newest();
  expect(deadLetters.map(({ id }) => id).sort()).toEqual(ids);
});

it('reads the topics again where the names of all do not fit, and answers the same', async () => {
  const topics = new Topics();
  for (let n = 0; n < 3_000; n++) topics.add(n % 2, { [headerNames.seq]: `gw/1/${n % 2_000}` });
  const many = await idsOf(topics);
  const readsOfMany = topics.reads;
  topics.reads = 0;
  // 1,000 of the sequences come a second time, with another source: it is not a part of the name.
  expect(many).toHaveLength(2_000);
  expect(await idsOf(topics, {}, 12_000)).toEqual(many);
  expect(topics.reads).toBeGreaterThan(3 * readsOfMany);
});

it('refuses where even a bit for each does not fit, and says what to do', async () => {
  const topics = new Topics();
  for (let n = 0; n < 10; n++) topics.add(0);
  topics.mark(0, 3);
  const count = Census.take(topics, { bytesMax: 2_000 });
  await expect(count).rejects.toMatchObject({ code: 'too-much-asked' });
  await expect(count).rejects.toThrow('console.ledgerBytesMax');
});

it.each(['nonsense', '-1', '0.5', '1e30', '99999999'])(
  'takes a marker of %s, which another program wrote, for none',
  async (marked) => {
    const topics = new Topics();
    const id = topics.add(0);
    topics.add(0, { [deadLetterHeaders.resubmitted]: marked });
    expect(await idsOf(topics)).toEqual([id]);
  },
);

it.each([
  ['records', { [deadLetterHeaders.records]: 'many' }],
  ['a position', { [deadLetterHeaders.source]: 'otlp_logs/0/x' }],
  ['a partition', { [deadLetterHeaders.source]: 'otlp_logs/-1/0' }],
])('takes what has no number for %s for no dead letter', async (_what, headers) => {
  const topics = new Topics();
  topics.add(0, headers);
  expect(await idsOf(topics)).toEqual([]);
});

it('sends all back that a filter chooses, once, and tells how many there are', async () => {
  const topics = new Topics();
  const all = Array.from({ length: 250 }, (_, n) => topics.add(n % 2));
  topics.add(0, { [deadLetterHeaders.group]: 'search' });
  topics.mark(0, 0);
  const counts: number[] = [];
  const onCount = (count: number) => void counts.push(count);
  const filter = { group: 'writer' };
  const sending = letters(topics).resubmitAll(filter, { ...options, onCount });
  expect(await Array.fromAsync(sending)).toEqual(all.slice(1));
  expect([counts, topics.sent.length]).toEqual([[249], 249]);
  expect(await Array.fromAsync(letters(topics).resubmitAll(filter, options))).toEqual([]);
});

it('does not send what another sends back meanwhile, nor what dies again', async () => {
  const topics = new Topics();
  for (let n = 0; n < 300; n++) topics.add(0);
  let published = 0;
  topics.onPublish = () => {
    // Behind the first dead letter and its marker.
    if (++published !== 2) return;
    topics.mark(0, 299);
    topics.add(0, { [headerNames.seq]: 'resubmit/0/0' });
  };
  const ids = await Array.fromAsync(letters(topics).resubmitAll({}, options));
  expect(ids).toEqual(Array.from({ length: 299 }, (_, n) => `logs/0/${n}`));
});
