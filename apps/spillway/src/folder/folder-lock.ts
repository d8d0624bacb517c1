import { type FolderLock as Lock, nodeFiles } from '@spillway/journal';
import type { Component, Health } from '@spillway/runtime';

/** The lock that keeps a second process out of the data folder. */
export class FolderLock implements Component {
  readonly name = 'data folder';
  readonly #dir: string;
  #lock: Lock | undefined;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Throws JournalError 'locked', which names the process that has it. */
  async start(): Promise<void> {
    this.#lock = nodeFiles.lock(this.#dir);
  }

  async stop(): Promise<void> {
    this.#lock?.release();
    this.#lock = undefined;
  }

  health(): Health {
    return { ok: this.#lock !== undefined, detail: this.#dir };
  }
}
