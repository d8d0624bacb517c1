import type { RowCount } from '@spillway/ledger';
import { sleep } from '@spillway/resilience';
import type { DecodedMessage, MessageOutcome, Rebuild } from '@spillway/store';
import { StoreError } from '@spillway/store';
import { unavailable } from '../errors.ts';
import type { Generations } from './generations.ts';
import type { StateDocument } from './state.ts';

export interface RebuildContext {
  generations: Generations;
  document: StateDocument;
  leaseMs: number;
  apply(generation: number, messages: readonly DecodedMessage[]): Promise<MessageOutcome[]>;
  addRetired(generation: number, counts: readonly RowCount[]): Promise<void>;
  /** Drops the generations that are neither in use nor being built. */
  dropUnused(): Promise<void>;
}

/** A rebuild gives a sign of life this often, and is abandoned when it misses all of them. */
const beatsPerLease = 2;
const silentLeases = 3;
const retriesMax = 20;

export async function beginRebuild(
  context: RebuildContext,
  abort: AbortSignal = new AbortController().signal,
): Promise<Rebuild> {
  const { generations, document } = context;
  const found = (await document.read()).state.building;
  if (found !== null) await waitForSilence(context, abort);
  const { last } = await generations.update((state) => {
    if (state.building !== found)
      throw new StoreError('rebuild-under-way', 'another process is rebuilding the search store');
    return { ...state, building: state.last + 1, last: state.last + 1 };
  });
  const rebuild = new SharedRebuild(context, last);
  rebuild.begin();
  try {
    await generations.settle(abort);
    if (found !== null) await context.dropUnused();
  } catch (error) {
    await rebuild.abandon();
    throw error;
  }
  return rebuild;
}

/** Throws `rebuild-under-way` when whoever builds shows that it is alive. */
async function waitForSilence(
  { document, leaseMs }: RebuildContext,
  abort: AbortSignal,
): Promise<void> {
  const before = await document.lastBeat();
  await sleep(silentLeases * leaseMs, abort);
  abort.throwIfAborted();
  if ((await document.lastBeat()) !== before) {
    throw new StoreError('rebuild-under-way', 'another process is rebuilding the search store');
  }
}

class SharedRebuild implements Rebuild {
  readonly #context: RebuildContext;
  readonly #generation: number;
  readonly #ended = new AbortController();
  #beating: Promise<void> | undefined;

  constructor(context: RebuildContext, generation: number) {
    this.#context = context;
    this.#generation = generation;
  }

  begin(): void {
    this.#beating = this.#beat();
  }

  async apply(messages: readonly DecodedMessage[]): Promise<void> {
    let left = messages;
    for (let tries = 1; ; tries++) {
      await this.#check();
      const outcomes = await this.#context.apply(this.#generation, left);
      const again = left.filter((_, i) => outcomes[i]?.records.some(isRetry));
      if (again.length === 0) return;
      if (tries >= retriesMax) {
        throw unavailable('the search store does not take what is rebuilt');
      }
      left = again;
      const { leaseMs, generations } = this.#context;
      await sleep(leaseMs / beatsPerLease, generations.stopping);
      generations.stopping.throwIfAborted();
    }
  }

  async addRetired(counts: readonly RowCount[]): Promise<void> {
    await this.#check();
    await this.#context.addRetired(this.#generation, counts);
  }

  async finish(): Promise<void> {
    const { generations, dropUnused } = this.#context;
    try {
      await generations.update((state) => {
        if (state.building !== this.#generation)
          throw new StoreError(
            'rebuild-lost',
            'this rebuild of the search store was taken over or reset',
          );
        return { ...state, current: this.#generation, building: null };
      });
      await generations.settle();
      await dropUnused();
    } finally {
      await this.#end();
    }
  }

  async abandon(): Promise<void> {
    const { generations, dropUnused } = this.#context;
    try {
      let isMine = true;
      await generations.update((state) => {
        isMine = state.building === this.#generation;
        return isMine ? { ...state, building: null } : state;
      });
      if (!isMine) return;
      await generations.settle();
      await dropUnused();
    } finally {
      await this.#end();
    }
  }

  async #check(): Promise<void> {
    const { building } = await this.#context.generations.state();
    if (building !== this.#generation)
      throw new StoreError(
        'rebuild-lost',
        'this rebuild of the search store was taken over or reset',
      );
  }

  async #end(): Promise<void> {
    this.#ended.abort();
    await this.#beating;
  }

  async #beat(): Promise<void> {
    const { document, leaseMs, generations } = this.#context;
    const signal = AbortSignal.any([this.#ended.signal, generations.stopping]);
    for (let beats = 1; !signal.aborted; beats++) {
      // A beat that fails is missed; three leases of them end the rebuild.
      await document.beat(this.#generation, beats).catch(() => undefined);
      await sleep(leaseMs / beatsPerLease, signal, { ref: false });
    }
  }
}

function isRetry({ status }: MessageOutcome['records'][number]): boolean {
  return status === 'retry';
}
