import { dirname, join } from 'node:path';
import type { Identities } from '@spillway/broker';
import { JournalError } from '@spillway/journal';
import type { NotedSpill } from '@spillway/ledger';
import type { Component, Health } from '@spillway/runtime';
import { openSpill, type Spill, type SpillOptions } from '@spillway/spill';

/** The gateway whose spill it is. */
export interface SpillOwner {
  gateway: Pick<Component, 'health'>;
  name: string;
  epoch: number;
}

/**
 * The spill of this process's gateway: open from before the broker starts, which keeps there who it
 * is, until after it has stopped. A process without one keeps nothing.
 */
export class SpillFolder {
  #spill: Spill | undefined;
  #owner: SpillOwner | undefined;

  get spill(): Spill | undefined {
    return this.#spill;
  }

  /** Names the gateway that puts here what its broker does not take. */
  serves(owner: SpillOwner): void {
    this.#owner = owner;
  }

  /** Whether requests are acknowledged by it while the broker is away. */
  stepsIn(): boolean {
    return this.#spill !== undefined && this.#owner?.gateway.health().ok === true;
  }

  /**
   * Who publishes to the broker lives as long as what it may have sent.
   * @param broker name of the broker, since one spill may serve several in turn
   */
  identities(broker: string): Identities {
    const name = `${broker}-producer`;
    return {
      load: async () => this.#spill?.readValue(name),
      save: async (bytes) => this.#spill?.writeValue(name, bytes),
    };
  }

  /**
   * Opens and closes the spill. Its start throws where other processes have the folder, or all of
   * `…/*`.
   */
  component(options: SpillOptions): Component {
    return {
      name: 'spill',
      start: async () => {
        this.#spill = await openFree(options);
      },
      stop: async () => this.#spill?.close(),
      health: () => this.#health(),
    };
  }

  /** Lists for the ledger what lies here at this moment; nothing before there is a gateway. */
  inventory(): NotedSpill[] {
    if (!this.#spill || !this.#owner) return [];
    const { id: spill } = this.#spill;
    const { name: gateway, epoch } = this.#owner;
    return [{ gateway, epoch, spill, ...this.#spill.inventory(), atMs: Date.now() }];
  }

  #health(): Health {
    if (!this.#spill) return { ok: false, detail: 'not open' };
    const { messages, bytes } = this.#spill.stats();
    return { ok: true, detail: messages ? `${messages} messages of ${bytes} bytes` : 'empty' };
  }
}

/** More gateways than this do not share a disk. */
const foldersMax = 64;

/**
 * `…/*` stands for the first of `…/1`, `…/2` and so on that no process has: gateways that are made
 * alike share a disk, and one that comes back takes over what the one before it left.
 */
async function openFree({ dir, ...options }: SpillOptions): Promise<Spill> {
  if (!dir.endsWith('/*')) return openSpill({ dir, ...options });
  for (let number = 1; ; number++) {
    try {
      return await openSpill({ ...options, dir: join(dirname(dir), String(number)) });
    } catch (error) {
      const isTaken = error instanceof JournalError && error.code === 'locked';
      if (!isTaken || number === foldersMax) throw error;
    }
  }
}
