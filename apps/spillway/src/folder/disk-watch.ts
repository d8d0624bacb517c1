import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { namedIfEnvironment } from '@spillway/journal';
import { type Component, type Health, PeriodicTask } from '@spillway/runtime';

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
  readonly #task: PeriodicTask;
  #trouble: string | undefined;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
    const { everyMs = 2_000 } = options;
    this.#task = new PeriodicTask({ name: this.name, everyMs, run: () => this.#probe() });
  }

  async start(): Promise<void> {
    await this.#probe();
    await this.#task.start();
  }

  stop(): Promise<void> {
    return this.#task.stop();
  }

  health(): Health {
    return { ok: this.#trouble === undefined, detail: this.#trouble ?? 'there is room' };
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
