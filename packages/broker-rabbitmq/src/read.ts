import { randomUUID } from 'node:crypto';
import type { DeliveredMessage, Position, TopicPartition } from '@spillway/broker';
import type { ConsumeMessage } from 'amqplib';
import { type Client, closeChannel } from './client.ts';
import { delivered } from './message.ts';
import { keptQueue } from './names.ts';
import { sleep } from './wait.ts';

export interface ReadOptions {
  writing: Client;
  reading: Client;
  clock: () => number;
  signal?: AbortSignal | undefined;
}

type From = number | { '!': 'timestamp'; value: number };

const prefetch = 64;
const markEveryMs = 1_000;
const silenceMs = 30_000;
/** Clocks of publishers and of the server may differ by this. */
const skewSeconds = 60;
const markHeader = 'spillway-end-of-read';

/**
 * A stream tells nobody where it ends, so the end at the time of the call is marked: with a message
 * that no reader delivers. Positions are the stream's offsets, and so have gaps.
 */
export function readKept(from: Position, options: ReadOptions): AsyncIterable<DeliveredMessage> {
  const id = randomUUID();
  const marked = mark(from, id, options.writing);
  marked.catch(() => {}); // Who iterates is told.
  return deliver(from, { from: from.position, marked, id, ...options });
}

/** First position whose message was published at or after the time; else where the next one comes. */
export async function keptPositionAt(
  at: TopicPartition,
  timestampMs: number,
  options: ReadOptions,
): Promise<number> {
  const id = randomUUID();
  const marked = mark(at, id, options.writing);
  const value = Math.max(0, Math.floor(timestampMs / 1_000) - skewSeconds);
  let end = 0;
  const onEnd = (offset: number): void => {
    end = offset;
  };
  const from: From = { '!': 'timestamp', value };
  for await (const message of deliver(at, { ...options, from, marked, id, onEnd })) {
    if (message.timestampMs >= timestampMs) return message.position;
  }
  return end;
}

interface DeliverOptions extends ReadOptions {
  from: From;
  id: string;
  marked: Promise<void>;
  onEnd?: (offset: number) => void;
}

async function* deliver(at: TopicPartition, options: DeliverOptions) {
  const { reading, clock, from, signal, id, onEnd } = options;
  signal?.throwIfAborted();
  await options.marked;
  const channel = await reading.channel();
  const arrived = new Arrivals(signal);
  channel.on('close', () => arrived.fail(new Error(`Reading ${keptQueue(at)} broke off`)));
  try {
    await channel.prefetch(prefetch);
    await channel.consume(keptQueue(at), (message) => arrived.push(message), {
      arguments: { 'x-stream-offset': from },
    });
    for (let silentMs = 0; silentMs < silenceMs; ) {
      const message = await arrived.next(markEveryMs);
      if (!message) {
        // Whoever begins behind the end waits there, also for the mark: it comes once more.
        silentMs += markEveryMs;
        await mark(at, id, options.writing);
        continue;
      }
      silentMs = 0;
      channel.ack(message);
      const position = Number(message.properties.headers?.['x-stream-offset']);
      const marker: unknown = message.properties.headers?.[markHeader];
      if (marker === id) {
        onEnd?.(position);
        return;
      }
      if (marker !== undefined || (typeof from === 'number' && position < from)) continue;
      yield delivered(message, { ...at, position }, clock());
    }
    throw new Error(`${keptQueue(at)} was silent for ${silenceMs} ms`);
  } finally {
    arrived.end();
    await closeChannel(channel);
  }
}

async function mark(at: TopicPartition, id: string, writing: Client): Promise<void> {
  const channel = await writing.confirmChannel();
  const headers = { [markHeader]: id };
  channel.sendToQueue(keptQueue(at), Buffer.alloc(0), { persistent: true, headers });
  await channel.waitForConfirms();
  await closeChannel(channel);
}

/** What a channel delivered and nobody took yet; as much as its prefetch. */
class Arrivals {
  readonly #messages: ConsumeMessage[] = [];
  readonly #signal: AbortSignal | undefined;
  #error: unknown;
  #ended = false;
  #wake = new AbortController();
  readonly #onAbort = (): void => this.fail(this.#signal?.reason);

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  push(message: ConsumeMessage | null): void {
    if (message) this.#messages.push(message);
    else this.fail(new Error('The queue was deleted'));
    this.#wake.abort();
  }

  fail(error: unknown): void {
    if (!this.#ended) this.#error ??= error;
    this.#wake.abort();
  }

  end(): void {
    this.#ended = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  /** Undefined when nothing came for so long. */
  async next(waitMs: number): Promise<ConsumeMessage | undefined> {
    if (this.#messages.length === 0 && this.#error === undefined) {
      this.#wake = new AbortController();
      await sleep(waitMs, this.#wake.signal);
    }
    if (this.#error !== undefined) throw this.#error;
    return this.#messages.shift();
  }
}
