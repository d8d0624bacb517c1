import { type Broker, topicOf } from '@spillway/broker';
import { DeadLetters } from '@spillway/dead-letters';
import { encodeRequest } from '@spillway/otlp';
import type { Sink } from '@spillway/store';
import { expect, vi } from 'vitest';
import type { Consumer } from '../../src/index.ts';
import { consume, lagOf, openBroker, publish, publishLogs, type Running, span } from './harness.ts';

export interface Trouble {
  name: string;
  begin: () => unknown;
  end: () => unknown;
}

const patient = { timeout: 40_000, interval: 20 };

/** A consumer on a real broker, and a sender that goes on while the store is in trouble. */
export class Fire {
  readonly broker: Broker;
  readonly running: Running;
  /** Records, in the order in which they were sent. */
  readonly sent: string[] = [];
  readonly #close: () => Promise<void>;
  readonly #signal: 'logs' | 'traces';
  #stopped = false;
  #sending: Promise<void>;

  private constructor(
    opened: Awaited<ReturnType<typeof openBroker>>,
    running: Running,
    signal: 'logs' | 'traces',
  ) {
    this.broker = opened.broker;
    this.#close = opened.close;
    this.running = running;
    this.#signal = signal;
    this.#sending = this.#send();
  }

  static async start(sink: Sink, signal: 'logs' | 'traces' = 'logs', replayFromMs?: () => number) {
    const opened = await openBroker();
    const limits = {
      pollWaitMs: 20,
      gatherMs: 5,
      retryBaseMs: 10,
      retryMaxMs: 100,
      breakerResetMs: 100,
      batchBytesMax: 64 * 1_024,
    };
    const running = await consume(opened.broker, sink, {
      limits,
      ...(replayFromMs && { replayFromMs }),
    });
    return new Fire(opened, running, signal);
  }

  get consumer(): Consumer {
    return this.running.consumer;
  }

  /** Amid batches; over when the consumer has felt it, or found the breaker to be open. */
  async suffer({ name, begin, end }: Trouble, opens = false): Promise<void> {
    const { consumer, broker } = this;
    await this.progress(name);
    const { retries, breakerOpened } = consumer.stats();
    await begin();
    try {
      await vi.waitFor(() => {
        expect(consumer.stats().retries, name).toBeGreaterThan(retries);
        if (opens) expect(consumer.stats().breakerOpened, name).toBeGreaterThan(breakerOpened);
        expect(consumer.health().ok, name).toBe(false);
      }, patient);
      expect(await lagOf(broker), name).toBeGreaterThan(0);
    } finally {
      await end();
    }
    await this.progress(name);
    await vi.waitFor(() => expect(consumer.health().ok, name).toBe(true), patient);
  }

  async progress(name: string): Promise<void> {
    const from = this.consumer.stats().messages;
    const more = () => expect(this.consumer.stats().messages, name).toBeGreaterThan(from + 5);
    await vi.waitFor(more, patient);
  }

  /** Sends no more, and waits until all is committed. */
  async drain(): Promise<void> {
    this.#stopped = true;
    await this.#sending;
    await vi.waitFor(async () => expect(await lagOf(this.broker)).toBe(0), patient);
  }

  /** One member throughout, and no dead letter for what only came at a bad time. */
  async expectCalm(): Promise<void> {
    expect(await Array.fromAsync(new DeadLetters(this.broker).list({ all: true }))).toEqual([]);
    expect(this.running.events.filter(({ type }) => type === 'failed')).toEqual([]);
  }

  async end(): Promise<void> {
    this.#stopped = true;
    await this.#sending;
    await this.consumer.stop();
    await this.#close();
  }

  async #send(): Promise<void> {
    for (let i = 0; !this.#stopped; i++) {
      const bodies = [`${i}-a`, `${i}-b`];
      if (this.#signal === 'logs') await publishLogs(this.broker, bodies, i % 2);
      else await publish(this.broker, spansOf(bodies), bodies.length, i % 2, topicOf.traces);
      this.sent.push(...bodies);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

function spansOf(names: readonly string[]): Uint8Array {
  const { resource, scope } = span();
  return encodeRequest(
    'traces',
    names.map((name) => span({ name, resource, scope, parentSpanId: '' })),
  );
}
