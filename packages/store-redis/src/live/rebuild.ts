import { readFileSync } from 'node:fs';
import type { DecodedMessage, Rebuild } from '@spillway/store';
import type { Client } from '../client.ts';
import { RedisStoreError } from '../errors.ts';
import { keptMs, type LiveLimits } from '../limits.ts';
import { dropKeys } from './drop.ts';
import { generationName, type Writer } from './writer.ts';

const script = readFileSync(new URL('../lua/rebuild.lua', import.meta.url), 'utf8');
const prolongedPerLease = 4;

export interface RebuildOptions {
  client: Client;
  writer: Writer;
  /** Begins every key of the store. */
  home: string;
  limits: LiveLimits;
  clock: () => number;
}

/** A generation made beside the one in use; it lives as long as this process prolongs its lease. */
export class RedisRebuild implements Rebuild {
  readonly #options: RebuildOptions;
  readonly #generation = generationName();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RebuildOptions) {
    this.#options = options;
  }

  async begin(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { limits } = this.#options;
    const stale = await this.#step('begin');
    if (stale === undefined) throw new RedisStoreError('rebuild-under-way');
    // One that fails is made up for by the next; a lease that ran out is noticed by the next step.
    const prolong = () => void this.#step('prolong').catch(() => undefined);
    this.#timer = setInterval(prolong, limits.leaseMs / prolongedPerLease).unref();
    if (stale) await this.#drop(stale);
  }

  /** Roll-ups are made of spans alone. */
  async apply(messages: readonly DecodedMessage[]): Promise<void> {
    const spans = messages.filter(({ signal }) => signal === 'traces');
    await this.#options.writer.rebuild(this.#generation, spans);
  }

  async finish(): Promise<void> {
    clearInterval(this.#timer);
    const old = await this.#step('finish');
    if (old === undefined) throw new RedisStoreError('rebuild-lost');
    await this.#drop(old);
  }

  async abandon(): Promise<void> {
    clearInterval(this.#timer);
    await this.#step('abandon');
    await this.#drop(this.#generation);
  }

  /** The generation to drop, or ''; undefined when another rebuild stands in the way. */
  async #step(step: 'begin' | 'prolong' | 'finish' | 'abandon'): Promise<string | undefined> {
    const { client, home, limits, clock } = this.#options;
    const args = [
      step,
      this.#generation,
      clock(),
      limits.leaseMs,
      generationName(),
      keptMs(limits),
    ];
    const [isDone, drop] = await client.run(
      (redis) => redis.eval(script, 1, `${home}gens`, ...args) as Promise<[number, string]>,
    );
    return isDone === 1 ? drop : undefined;
  }

  async #drop(generation: string): Promise<void> {
    const { client, home } = this.#options;
    await dropKeys(client, `${home}g${generation}:`);
  }
}
