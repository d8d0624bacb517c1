import type { OutgoingMessage, PublishOutcome } from '@spillway/broker';
import { expect } from 'vitest';
import type { FetchedRecord } from '../src/client.ts';
import type { PlatformaticClient } from '../src/platformatic/client.ts';
import type { ProducePort } from '../src/producer.ts';

interface Published {
  partition: number;
  text: string;
  outcome: PublishOutcome;
}

const pauseMs = 15;
const callsInFlightMax = 24;

/** Publishes numbered messages to every partition, call after call, without waiting for each. */
export class Load {
  readonly published: Published[] = [];
  readonly #producer: ProducePort;
  readonly #topic: string;
  readonly #partitions: number;
  readonly #calls = new Set<Promise<void>>();
  #next = 0;
  #running = true;
  #done: Promise<void>;

  constructor(producer: ProducePort, topic: string, partitions: number) {
    this.#producer = producer;
    this.#topic = topic;
    this.#partitions = partitions;
    this.#done = this.#run();
  }

  /** Ends when every call has its outcomes. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
    await Promise.all(this.#calls);
  }

  /** Until `more` messages that are published from here on have become durable. */
  async flows(more: number): Promise<void> {
    const from = this.#next;
    const durable = () =>
      this.published.filter(({ text, outcome }) => {
        return Number(text) >= from && outcome.status === 'durable';
      }).length;
    const endMs = performance.now() + 60_000;
    while (durable() < more) {
      if (performance.now() > endMs) throw new Error('Nothing becomes durable');
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  async #run(): Promise<void> {
    while (this.#running) {
      if (this.#calls.size < callsInFlightMax) this.#publish();
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  #publish(): void {
    const messages = Array.from({ length: this.#partitions * 2 }, (_, index) =>
      numbered(this.#topic, index % this.#partitions, this.#next++),
    );
    const call = this.#producer.publish(messages).then((outcomes) => {
      expect(outcomes).toHaveLength(messages.length);
      outcomes.forEach((outcome, index) => {
        const { partition, headers } = messages[index] as OutgoingMessage;
        this.published.push({ partition, text: headers.number as string, outcome });
      });
      this.#calls.delete(call);
    });
    this.#calls.add(call);
  }

  /** What the promise of the producer comes to, against what is in the logs. */
  async check(client: PlatformaticClient): Promise<Record<PublishOutcome['status'], number>> {
    const counts = { durable: 0, refused: 0, unknown: 0 };
    for (let partition = 0; partition < this.#partitions; partition += 1) {
      const own = this.published.filter((one) => one.partition === partition);
      checkLog(own, await readLog(client, this.#topic, partition));
      for (const { outcome } of own) counts[outcome.status] += 1;
    }
    return counts;
  }
}

/** Every durable one once and where it was said to be, no refused one, the unknown at most once. */
function checkLog(published: readonly Published[], log: readonly FetchedRecord[]): void {
  const found = log.map(({ headers }) => headers.number as string);
  const order = found.map(Number);
  expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
  const inLog = new Set(found);
  const positions = new Map(log.map((one) => [one.headers.number, one.position]));
  for (const { text, outcome } of published) {
    if (outcome.status === 'refused') expect(inLog).not.toContain(text);
    if (outcome.status !== 'durable') continue;
    expect(inLog).toContain(text);
    if (outcome.position !== undefined) expect(positions.get(text)).toBe(outcome.position);
  }
}

export function numbered(
  topic: string,
  partition: number,
  number: number,
  bytes = 300,
): OutgoingMessage {
  const value = [Buffer.alloc(bytes, number), Buffer.from(String(number))];
  return { topic, partition, key: 'k', value, headers: { number: String(number) } };
}

/** A whole partition as it is now. */
export async function readLog(
  client: PlatformaticClient,
  topic: string,
  partition: number,
): Promise<FetchedRecord[]> {
  const log: FetchedRecord[] = [];
  const leader = await leaderOf(client, topic, partition);
  const place = { topic, partition };
  const [end] = await client.offsets(leader, [{ ...place, timestampMs: -1 }]);
  for (let position = 0; position < (end?.position ?? 0); ) {
    const asked = { ...place, position, bytesMax: 8_388_608 };
    const limits = { bytesMax: 8_388_608, ownBytesMax: 8_388_608 };
    const request = { waitMs: 1_000, ...limits, partitions: [asked] };
    const [fetched] = await client.fetch(leader, request);
    expect(fetched?.error).toBe('');
    log.push(...(fetched?.records ?? []));
    position = fetched?.next ?? position;
  }
  return log;
}

export async function leaderOf(
  client: PlatformaticClient,
  topic: string,
  partition: number,
): Promise<number> {
  const { topics } = await client.cluster([topic]);
  return topics.get(topic)?.partitions[partition]?.leader ?? -1;
}
