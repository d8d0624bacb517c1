import { readFileSync } from 'node:fs';
import type { Client } from '@spillway/redis';
import type { DecodedMessage, Rebuild } from '@spillway/store';
import { isRolledUp } from '@spillway/store/live';
import { rebuildLost, rebuildUnderWay } from '../errors.ts';
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

  async begin(abort?: AbortSignal): Promise<void> {
    abort?.throwIfAborted();
    const { limits } = this.#options;
    const stale = await this.#step('begin');
    if (stale === undefined) throw rebuildUnderWay();
    // One that fails is made up for by the next; a lease that ran out shows in the next step.
    const prolong = () => void this.#step('prolong').catch(() => undefined);
    this.#timer = setInterval(prolong, limits.leaseMs / prolongedPerLease).unref();
    if (stale) await this.#drop(stale);
  }

  async apply(messages: readonly DecodedMessage[]): Promise<void> {
    const ofRollUps = messages.filter(({ signal }) => isRolledUp(signal));
    await this.#options.writer.rebuild(this.#generation, ofRollUps);
  }

  async finish(): Promise<void> {
    clearInterval(this.#timer);
    const old = await this.#step('finish');
    if (old === undefined) throw rebuildLost();
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
