import { randomUUID } from 'node:crypto';
import type { Identities } from '@spillway/broker';
import { messageOf, sleep } from '@spillway/resilience';
import type { RabbitMqEvent } from '../config.ts';
import { replyCodeOf, replyCodes } from '../errors.ts';
import { publisherQueue } from '../names.ts';
import { type Client, closeChannel } from '../server/client.ts';

const retryMs = 200;

export interface PublisherLockOptions {
  client: Client;
  identities: Identities | undefined;
  report: (event: RabbitMqEvent) => void;
}

/**
 * An exclusive queue by the publisher's name, which the server gives to one connection at a time
 * and takes back when it has dropped that connection. So nothing is published while the server may
 * still read what a connection that we gave up, or that our process left when it was killed, has on
 * its way: late bytes land before newer ones, or never. The server notices a connection that is
 * gone at once, one that fell silent after about two heartbeats.
 */
export class PublisherLock {
  readonly #options: PublisherLockOptions;
  #name: string = randomUUID();
  readonly #stop = new AbortController();
  #turn = 0;
  #waits = false;

  constructor(options: PublisherLockOptions) {
    this.#options = options;
  }

  /** Takes the name of the life before. */
  async load(): Promise<void> {
    const { identities, report } = this.#options;
    if (identities === undefined) return;
    try {
      const bytes = await identities.load();
      const name = bytes && Buffer.from(bytes).toString();
      if (name !== undefined && isName.test(name)) this.#name = name;
      else {
        if (name !== undefined) report({ type: 'identity-new', reason: 'it cannot be read' });
        await identities.save(Buffer.from(this.#name));
      }
    } catch (error) {
      report({ type: 'identity-new', reason: messageOf(error) });
    }
  }

  /** Why nothing may be published yet. */
  get trouble(): string | undefined {
    return this.#waits ? 'The server still has the former connection' : undefined;
  }

  stop(): void {
    this.#stop.abort();
  }

  /**
   * Runs `then` when this connection has the lock. Resolves before that when another one has it
   * still; the next call, on the next connection, takes the place of the former.
   */
  async hold(then: () => Promise<void>): Promise<void> {
    this.#turn += 1;
    this.#waits = !(await this.#take());
    if (!this.#waits) return await then();
    this.#options.report({ type: 'publisher-waits' });
    void this.#retry(this.#turn, then).catch(() => {}); // The connection is gone; so is the turn.
  }

  async #retry(turn: number, then: () => Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    while (this.#waits) {
      await sleep(retryMs, signal);
      if (signal.aborted || turn !== this.#turn) return;
      this.#waits = !(await this.#take());
    }
    if (turn !== this.#turn) return;
    await then();
    this.#options.report({ type: 'publisher-ready' });
  }

  /** False: another connection has it. Taking it again is taking it. */
  async #take(): Promise<boolean> {
    const channel = await this.#options.client.channel();
    try {
      await channel.assertQueue(publisherQueue(this.#name), {
        exclusive: true,
        durable: false,
        arguments: { 'x-queue-type': 'classic' },
      });
    } catch (error) {
      if (replyCodeOf(error) === replyCodes.resourceLocked) return false;
      throw error;
    }
    await closeChannel(channel);
    return true;
  }
}

const isName = /^[0-9a-f-]{36}$/;
