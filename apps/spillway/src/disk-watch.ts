import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { namedIfEnvironment } from '@spillway/journal';
import type { Component, Health } from '@spillway/runtime';

export interface DiskWatchOptions {
  /** Where the log lies. */
  dir: string;
  everyMs?: number;
}

/** About what the next publishes need; it is written and removed, and never reaches the disk. */
const probe = Buffer.alloc(1_048_576);
const probeName = '.room';

/**
 * Whether anything can be written beside the log at this moment: a full disk, a used-up quota and a
 * file system that became read-only make the process not ready before a client meets them, and
 * ready again when there is room.
 */
export class DiskWatch implements Component {
  readonly name = 'disk';
  readonly #options: DiskWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #trouble: string | undefined;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.look();
    this.#timer = setInterval(() => void this.look(), this.#options.everyMs ?? 2_000).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  health(): Health {
    return { ok: this.#trouble === undefined, detail: this.#trouble ?? 'there is room' };
  }

  /** Calls while it looks join it. */
  look(): Promise<void> {
    this.#looking ??= this.#probe().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #probe(): Promise<void> {
    const path = join(this.#options.dir, probeName);
    try {
      const file = await open(path, 'w', 0o600);
      try {
        await file.writeFile(probe);
      } finally {
        await file.close();
        await unlink(path);
      }
      this.#trouble = undefined;
    } catch (error) {
      const place = { path: this.#options.dir, wanted: 'write' };
      this.#trouble = (namedIfEnvironment(error, place) as Error).message;
    }
  }
}
