import { randomUUID } from 'node:crypto';
import type { DeliveredMessage, Position, ReadOptions, TopicPartition } from '@spillway/broker';
import { AutoResetEvent, withTimeout } from '@spillway/resilience';
import type { Channel, ConsumeMessage } from 'amqplib';
import { delivered } from './message/message.ts';
import { keptQueue } from './names.ts';
import { type Client, closeChannel } from './server/client.ts';

export interface ReadKeptOptions extends ReadOptions {
  writing: Client;
  reading: Client;
  clock: () => number;
}

type From = number | 'next' | { '!': 'timestamp'; value: number };

const prefetchMax = 64;
/** Bytes of a dead letter without its records. */
const messageBytes = 2_048;
const markMs = 10_000;
const markEveryMs = 1_000;
const silenceMs = 30_000;
/** Clocks of publishers and of the server may differ by this. */
const skewSeconds = 60;
const markHeader = 'spillway-end-of-read';

/**
 * A stream does not say where it ends, so the end at the time of the call is marked: with a message
 * that no reader delivers. Positions are the stream's offsets, and so have gaps.
 */
export function readKept(
  from: Position,
  options: ReadKeptOptions,
): AsyncIterable<DeliveredMessage> {
  const id = randomUUID();
  const marked = mark(from, id, options.writing);
  marked.catch(() => {}); // The iteration fails.
  return deliver(from, { from: from.position, marked, id, ...options });
}

/** First position whose message was published at or after the time; else where the next one comes. */
export async function keptPositionAt(
  at: TopicPartition,
  timestampMs: number,
  options: ReadKeptOptions,
): Promise<number> {
  const id = randomUUID();
  const marked = mark(at, id, options.writing);
  const value = Math.max(0, Math.floor(timestampMs / 1_000) - skewSeconds);
  let end = 0;
  const onEnd = (offset: number): void => {
    end = offset;
  };
  const from: From = { '!': 'timestamp', value };
  const wanted = { ...options, valueBytesMax: 0 };
  for await (const message of deliver(at, { ...wanted, from, marked, id, onEnd })) {
    if (message.timestampMs >= timestampMs) return message.position;
  }
  return end;
}

interface DeliverOptions extends ReadKeptOptions {
  from: From;
  id: string;
  marked: Promise<void>;
  onEnd?: (offset: number) => void;
}

async function* deliver(at: TopicPartition, options: DeliverOptions) {
  const { reading, writing, clock, from, abort, id, onEnd } = options;
  abort?.throwIfAborted();
  await options.marked;
  const stream = await Arrivals.open(reading, at, options);
  try {
    for (let silentMs = 0; silentMs < silenceMs; ) {
      const message = await stream.next(markEveryMs);
      if (!message) {
        // Whoever begins behind the end waits there, also for the mark: it comes once more.
        silentMs += markEveryMs;
        if (typeof from === 'number' && (await endOf(at, { reading, writing })) < from) return;
        await mark(at, id, writing);
        continue;
      }
      silentMs = 0;
      const position = offsetOf(message);
      const marker: unknown = message.properties.headers?.[markHeader];
      if (marker === id) {
        onEnd?.(position);
        return;
      }
      if (marker !== undefined || (typeof from === 'number' && position < from)) continue;
      yield delivered(message, { ...at, position }, clock());
    }
    throw silent(at);
  } finally {
    await stream.close();
  }
}

/** Where a mark of now is. */
async function endOf(
  at: TopicPartition,
  { reading, writing }: Pick<ReadKeptOptions, 'reading' | 'writing'>,
): Promise<number> {
  const id = randomUUID();
  const stream = await Arrivals.open(reading, at, { from: 'next' });
  try {
    for (let silentMs = 0; silentMs < silenceMs; silentMs += markEveryMs) {
      await mark(at, id, writing);
      for (let message = await stream.next(markEveryMs); message; ) {
        if (message.properties.headers?.[markHeader] === id) return offsetOf(message);
        message = await stream.next(markEveryMs);
      }
    }
    throw silent(at);
  } finally {
    await stream.close();
  }
}

function offsetOf({ properties }: ConsumeMessage): number {
  return Number(properties.headers?.['x-stream-offset']);
}

function silent(at: TopicPartition): Error {
  return new Error(`${keptQueue(at)} was silent for ${silenceMs} ms`);
}

async function mark(at: TopicPartition, id: string, writing: Client): Promise<void> {
  const channel = await writing.confirmChannel();
  const headers = { [markHeader]: id };
  channel.sendToQueue(keptQueue(at), Buffer.alloc(0), { persistent: true, headers });
  const confirmed = withTimeout(channel.waitForConfirms(), markMs, 'To mark the end of a stream');
  await confirmed.finally(() => closeChannel(channel));
}

type ArrivalsOptions = ReadOptions & { from: From };

/** A channel that reads a stream, and what it delivered and was not taken yet. */
class Arrivals {
  readonly #channel: Channel;
  readonly #abort: AbortSignal | undefined;
  readonly #messages: ConsumeMessage[] = [];
  #error: unknown;
  readonly #arrival = new AutoResetEvent();
  readonly #onAbort = (): void => this.#fail(this.#abort?.reason);

  static async open(
    reading: Client,
    at: TopicPartition,
    { from, abort, bytesMax = Number.POSITIVE_INFINITY, valueBytesMax }: ArrivalsOptions,
  ): Promise<Arrivals> {
    const arrivals = new Arrivals(await reading.channel(valueBytesMax), abort);
    // The server counts them, it does not weigh them.
    const prefetch = Math.ceil(Math.min(prefetchMax, bytesMax / messageBytes));
    await arrivals.#consume(keptQueue(at), { from, prefetch });
    return arrivals;
  }

  private constructor(channel: Channel, abort: AbortSignal | undefined) {
    this.#channel = channel;
    this.#abort = abort;
    abort?.addEventListener('abort', this.#onAbort, { once: true });
    channel.on('close', () => this.#fail(new Error('The channel that reads a stream broke')));
  }

  async #consume(
    queue: string,
    { from, prefetch }: { from: From; prefetch: number },
  ): Promise<void> {
    await this.#channel.prefetch(prefetch);
    const take = (message: ConsumeMessage | null): void => {
      if (message) this.#messages.push(message);
      else this.#fail(new Error(`${queue} was deleted`));
      this.#arrival.set();
    };
    await this.#channel.consume(queue, take, { arguments: { 'x-stream-offset': from } });
  }

  /** Undefined when nothing came for so long. */
  async next(waitMs: number): Promise<ConsumeMessage | undefined> {
    if (this.#messages.length === 0 && this.#error === undefined) {
      this.#arrival.reset();
      await this.#arrival.wait(waitMs);
    }
    if (this.#error !== undefined) throw this.#error;
    const message = this.#messages.shift();
    if (message) this.#channel.ack(message); // Which asks for one more.
    return message;
  }

  async close(): Promise<void> {
    this.#abort?.removeEventListener('abort', this.#onAbort);
    await closeChannel(this.#channel);
  }

  #fail(error: unknown): void {
    this.#error ??= error;
    this.#arrival.set();
  }
}
